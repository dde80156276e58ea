import { once } from "node:events"
import { connect, isIP, type Socket } from "node:net"
import { type ConnectionOptions, connect as secure } from "node:tls"

/** A TCP port of a host, or a Unix socket. */
export type Target = { host: string; port: number } | { path: string }

export interface Encryption {
  /** No TLS, TLS if the server supports it, or TLS with these options. */
  ssl: false | "prefer" | ConnectionOptions
  /** Starts TLS without requesting it first, which PostgreSQL accepts since version 17. */
  isDirect: boolean
}

/** Milliseconds of silence after which the system probes the connection. */
const KEEP_ALIVE_MS = 15_000

/**
 * Opens a connection, with TLS if wanted, within `timeoutMs` in total. postgres.js could do the TLS itself, but
 * removes all listeners from a socket when it does, so that its loss would go unnoticed.
 */
export async function openSocket(
  target: Target,
  { encryption, timeoutMs }: { encryption: Encryption; timeoutMs: number },
): Promise<Socket> {
  const socket = connect({ ...target, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  // Errors reach the TLS socket that wraps this one.
  socket.on("error", () => {})
  const timer = setTimeout(
    () => socket.destroy(coded("ETIMEDOUT", "the database accepted no connection in time")),
    timeoutMs,
  )
  try {
    await once(socket, "connect")
    // As with libpq, a Unix socket is never encrypted.
    if (!encryption.ssl || "path" in target) return socket
    return await encrypt(socket, { host: target.host, ...encryption })
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** The request for TLS in the PostgreSQL protocol. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

async function encrypt(socket: Socket, { host, ssl, isDirect }: Encryption & { host: string }) {
  if (!isDirect && !(await acceptsTls(socket))) {
    if (ssl === "prefer") return socket
    throw coded("NO_TLS", "the database does not support TLS")
  }
  const tlsSocket = secure({
    socket,
    // The name that the certificate has to match. Node's default is localhost.
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(isDirect && { ALPNProtocols: ["postgresql"] }),
    ...(ssl === "prefer" ? { rejectUnauthorized: false } : ssl),
  })
  await once(tlsSocket, "secureConnect")
  return tlsSocket
}

async function acceptsTls(socket: Socket): Promise<boolean> {
  socket.write(SSL_REQUEST)
  const closed = new AbortController()
  socket.once("close", () => closed.abort(coded("ECONNRESET", "the database closed the connection")))
  const [answer]: Buffer[] = await once(socket, "data", { signal: closed.signal })
  // Unencrypted bytes after the response may come from an attacker (CVE-2021-23222).
  if (answer?.length !== 1) throw coded("EPROTO", "the database did not answer the request for TLS")
  return answer.toString() === "S"
}

const coded = (code: string, message: string) => Object.assign(new Error(message), { code })
