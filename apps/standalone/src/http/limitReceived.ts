import type { IncomingMessage, Server } from "node:http"
import type { Socket } from "node:net"
import { endLargest, type Held } from "./endLargest.ts"

/**
 * Bytes of all requests together that can't be served yet. The process holds up to 15 times as many, because a header of a
 * few bytes becomes several objects. Well-behaved clients leave next to none.
 */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * Bytes that each of these requests counts besides those that have arrived. However short, it takes 30 KB of the heap, or
 * 10 KB while it waits for its turn.
 */
const [BYTES_OF_REQUEST, BYTES_OF_WAITING] = [4_096, 1_024]

const INTERVAL_MS = 500

interface Connection {
  /** The latest request, or null if all have been answered. */
  latest: IncomingMessage | null
  inProgress: number
  /** Bytes of requests that have been answered. */
  bytesBefore: number
  /** Bytes read when the latest request was parsed, and before that for one of an earlier part of the stream. */
  bytesRead: number
  earlierBytesRead: number
}

/**
 * Ends connections when their requests fill the memory: incomplete ones, which may take seconds to arrive, and pipelined
 * ones, which wait until the client has read an earlier response. Otherwise, a few hundred connections could hold hundreds
 * of megabytes, and so could some thousand that only begin a request.
 *
 * The network with the most bytes loses the connection that has waited longest, so clients that are merely slow keep theirs.
 *
 * @param waiting complete requests that wait for their turn.
 */
export function limitReceived(server: Server, waiting: { has(request: IncomingMessage): boolean }): void {
  /** By the time of their latest complete response. */
  const connections = new Map<Socket, Connection>()
  server.on("connection", (socket) => {
    connections.set(socket, {
      latest: null,
      inProgress: 0,
      bytesBefore: 0,
      bytesRead: 0,
      earlierBytesRead: 0,
    })
    socket.once("close", () => connections.delete(socket))
  })
  server.on("request", (incoming, outgoing) => {
    const { socket } = incoming
    const connection = connections.get(socket)
    if (!connection) return
    connection.latest = incoming
    connection.inProgress++
    if (socket.bytesRead > connection.bytesRead) {
      connection.earlierBytesRead = connection.bytesRead
      connection.bytesRead = socket.bytesRead
    }
    // Where a request ends is not known, but at least that much came before it.
    const { earlierBytesRead } = connection
    outgoing.once("finish", () => {
      connection.inProgress--
      const isLast = connection.latest === incoming && incoming.complete
      if (isLast) connection.latest = null
      connection.bytesBefore = isLast ? socket.bytesRead : Math.max(connection.bytesBefore, earlierBytesRead)
      if (connections.delete(socket)) connections.set(socket, connection)
    })
  })

  function* unserved(): Generator<Held> {
    for (const [socket, { latest, inProgress, bytesBefore }] of connections) {
      const isWaiting = latest !== null && waiting.has(latest)
      const isBeingServed = latest?.complete && inProgress <= 1 && !isWaiting
      const unserved = isBeingServed ? 0 : socket.bytesRead - bytesBefore
      const bytes = unserved + (isWaiting ? BYTES_OF_WAITING : BYTES_OF_REQUEST)
      if (unserved > 0) yield { socket, bytes, end: () => socket.destroy() }
    }
  }
  const timer = setInterval(() => endLargest(unserved(), MAX_BYTES), INTERVAL_MS).unref()
  server.once("close", () => clearInterval(timer))
}
