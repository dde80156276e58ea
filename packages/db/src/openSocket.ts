import { once } from "node:events"
import { connect, type Socket } from "node:net"
import type { Options } from "postgres"

/** Longer than any statement may run. */
const SILENCE_MS = 4_000

const CHECK_EVERY_MS = 500

/**
 * A connection that is given up when the server stays silent after something was sent. A host that is gone says
 * nothing, and the system would go on sending for a quarter of an hour; meanwhile the connection would sit in
 * the pool and every query on it would hang. postgres.js knows no such limit.
 */
export async function openSocket({ host, port, path }: Options<Record<string, never>>): Promise<Socket> {
  const targets = path ? [{ path: String(path) }] : addresses(host, port)
  let failure: unknown
  for (const target of targets) {
    const socket = connect(target)
    try {
      await once(socket, "connect")
      watch(socket)
      return socket
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function addresses(
  host: Options<Record<string, never>>["host"],
  port: Options<Record<string, never>>["port"],
) {
  const ports = [port ?? 5432].flat()
  return [host ?? "localhost"]
    .flat()
    .map((name, index) => ({ host: name, port: Number(ports[index] ?? ports[0]) }))
}

function watch(socket: Socket) {
  let read = socket.bytesRead
  let written = socket.bytesWritten
  /** Since when what was sent has had no answer. */
  let silentSince: number | undefined
  const timer = setInterval(() => {
    if (socket.bytesRead !== read) {
      read = socket.bytesRead
      written = socket.bytesWritten
      silentSince = undefined
    } else if (socket.bytesWritten !== written) {
      silentSince ??= performance.now()
      if (performance.now() - silentSince >= SILENCE_MS) {
        socket.destroy(Object.assign(new Error("the database has stopped answering"), { code: "ETIMEDOUT" }))
      }
    }
  }, CHECK_EVERY_MS).unref()
  socket.once("close", () => clearInterval(timer))
}
