import type { IncomingMessage, Server } from "node:http"
import type { Socket } from "node:net"
import { endLargest, type Held } from "./endLargest.ts"

/**
 * Bytes of all requests together that can't be served yet. The process holds up to 15 times as many, because a header of a
 * few bytes becomes several objects. Well-behaved clients leave next to none.
 */
const MAX_BYTES = 8 * 1024 * 1024

const INTERVAL_MS = 500

interface Connection {
  /** The latest request since all had been answered, or null. */
  latest: IncomingMessage | null
  inProgress: number
  /** Read before these requests. */
  bytesBefore: number
}

/**
 * Ends connections when their requests fill the memory: incomplete ones, which may take seconds to arrive, and pipelined
 * ones, which wait until the client has read an earlier response. Otherwise, a few hundred connections could hold hundreds
 * of megabytes.
 *
 * The network with the most bytes loses the connection that has waited longest, so clients that are merely slow keep theirs.
 */
export function limitReceived(server: Server): void {
  /** By the time of their latest complete response. */
  const connections = new Map<Socket, Connection>()
  server.on("connection", (socket) => {
    connections.set(socket, { latest: null, inProgress: 0, bytesBefore: 0 })
    socket.once("close", () => connections.delete(socket))
  })
  server.on("request", (incoming, outgoing) => {
    const { socket } = incoming
    const connection = connections.get(socket)
    if (!connection) return
    connection.latest = incoming
    connection.inProgress++
    outgoing.once("finish", () => {
      connection.inProgress--
      if (connection.latest !== incoming || !incoming.complete || !connections.delete(socket)) return
      connections.set(socket, { latest: null, inProgress: 0, bytesBefore: socket.bytesRead })
    })
  })

  function* unserved(): Generator<Held> {
    for (const [socket, { latest, inProgress, bytesBefore }] of connections) {
      const isBeingServed = latest?.complete && inProgress <= 1
      yield { socket, bytes: isBeingServed ? 0 : socket.bytesRead - bytesBefore, end: () => socket.destroy() }
    }
  }
  const timer = setInterval(() => endLargest(unserved(), MAX_BYTES), INTERVAL_MS).unref()
  server.once("close", () => clearInterval(timer))
}
