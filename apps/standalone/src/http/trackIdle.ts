import type { Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/**
 * Makes `closeIdleConnections`, which `close` also calls, close only connections on which every response has been sent and
 * no part of the next request has arrived. Node's version also cuts off responses that are written but not yet sent.
 */
export function trackIdle(server: Server): void {
  /**
   * The latest response on each connection or, once it is sent, only the number of bytes received by then. A response
   * refers to its request, whose headers may take hundreds of kilobytes, and a connection may stay idle for minutes.
   */
  const latest = new Map<Socket, ServerResponse | number>()
  // Here, because a listener that is created for a request would keep that request as long as the connection.
  server.on("connection", (socket) => socket.once("close", () => latest.delete(socket)))
  server.on("request", (incoming, outgoing) => {
    const { socket } = incoming
    latest.set(socket, outgoing)
    outgoing.once("finish", () => {
      if (latest.get(socket) === outgoing && incoming.complete) latest.set(socket, socket.bytesRead)
    })
  })
  server.closeIdleConnections = () => {
    for (const [socket, bytesRead] of latest) {
      if (bytesRead === socket.bytesRead) socket.destroy()
    }
  }
}
