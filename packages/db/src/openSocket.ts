import { once } from "node:events"
import { connect, type NetConnectOpts, type Socket } from "node:net"
import type { Options } from "postgres"

/** For all hosts of a URL together. */
const CONNECT_MS = 2_000

/** Longer than any statement may run. */
const SILENCE_MS = 4_000

const CHECK_EVERY_MS = 500

type Target = Options<Record<string, never>>

/**
 * A connection to the first host that takes one, given up when the server stays silent after something was sent.
 * A host that is gone says nothing, and the system would go on sending for a quarter of an hour; meanwhile the
 * connection would sit in the pool and every query on it would hang. postgres.js knows no such limit.
 */
export async function openWatchedSocket(target: Target): Promise<Socket> {
  const socket = await openSocket(target)
  watch(socket)
  return socket
}

/** A connection to the first host that takes one. */
export async function openSocket({ host, port, path }: Target): Promise<Socket> {
  const targets = path ? [{ path: String(path) }] : addresses(host, port)
  let failure: unknown
  for (const target of targets) {
    try {
      return await open(target, CONNECT_MS / targets.length)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

async function open(target: NetConnectOpts, timeoutMs: number): Promise<Socket> {
  const socket = connect(target)
  const timer = setTimeout(
    () => socket.destroy(coded("ETIMEDOUT", "the database takes no connection")),
    timeoutMs,
  )
  try {
    await once(socket, "connect")
    // Where postgres.js looks for the name that it asks for over TLS, and that the certificate has to be of.
    return "host" in target ? Object.assign(socket, { host: target.host }) : socket
  } finally {
    clearTimeout(timer)
  }
}

function addresses(host: Target["host"], port: Target["port"]) {
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
    // Not by its event: for TLS, postgres.js takes all listeners away.
    if (socket.destroyed) {
      clearInterval(timer)
    } else if (socket.bytesRead !== read) {
      read = socket.bytesRead
      written = socket.bytesWritten
      silentSince = undefined
    } else if (socket.bytesWritten !== written) {
      silentSince ??= performance.now()
      if (performance.now() - silentSince >= SILENCE_MS) {
        socket.destroy(coded("ETIMEDOUT", "the database has stopped answering"))
      }
    }
  }, CHECK_EVERY_MS).unref()
}

const coded = (code: string, message: string) => Object.assign(new Error(message), { code })
