import { createTcpProxy } from "../network/createTcpProxy.ts"

const [ASKED, GIVEN] = ["read committed", "serializable"]

/**
 * Starts a proxy that turns a database into one that runs everything as serializable, regardless of the requested
 * level, as some distributed engines do.
 */
export const startSerializable = (databaseUrl: string) =>
  createTcpProxy(new URL(databaseUrl), (bytes, from, isFirst) => {
    if (from === "database") return bytes
    return isFirst ? inStartup(bytes) : inStatements(bytes)
  })

/** The startup message begins with its length. */
function inStartup(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1").replace(ASKED, GIVEN)
  const changed = Buffer.from(text, "latin1")
  changed.writeInt32BE(bytes.readInt32BE(0) - (bytes.length - changed.length), 0)
  return changed
}

const inStatements = (bytes: Buffer): Buffer =>
  Buffer.from(
    bytes
      .toString("latin1")
      .replaceAll(`isolation level ${ASKED}`, `isolation level ${GIVEN.padEnd(ASKED.length)}`),
    "latin1",
  )
