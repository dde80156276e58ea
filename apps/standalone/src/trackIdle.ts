import type { Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/**
 * Makes `closeIdleConnections`, which `close` calls too, close only connections on which all answers are out and
 * nothing of a next request is in. Node's own also cuts off answers that are written but not yet sent.
 */
export function trackIdle(server: Server): void {
  /** The latest request of each connection, and once it is answered, how many bytes had been received by then. */
  const latest = new Map<Socket, { outgoing: ServerResponse; bytesRead?: number }>()
  server.on("request", (incoming, outgoing) => {
    const { socket } = incoming
    if (!latest.has(socket)) socket.once("close", () => latest.delete(socket))
    latest.set(socket, { outgoing })
    outgoing.once("finish", () => {
      const isLatest = latest.get(socket)?.outgoing === outgoing
      if (isLatest && incoming.complete) latest.set(socket, { outgoing, bytesRead: socket.bytesRead })
    })
  })
  server.closeIdleConnections = () => {
    for (const [socket, { bytesRead }] of latest) {
      if (bytesRead === socket.bytesRead) socket.destroy()
    }
  }
}
