import type { Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/**
 * Makes `closeIdleConnections`, which `close` also calls, close only connections on which every response has been sent and
 * no part of the next request has arrived. Node's version also cuts off responses that are written but not yet sent.
 */
export function trackIdle(server: Server): void {
  /** The latest response on each connection and, once it is sent, the number of bytes received by then. */
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
