import { Socket } from "node:net"

/** Bytes to read and discard from a connection after its last response. */
const MAX_BYTES = 1024 * 1024

/** Milliseconds that a connection may stay half-closed after its last response. */
const MAX_MS = 2_000

/**
 * Makes `destroySoon`, which Node and Hono call to end a connection after its last response, close in stages (RFC 9112,
 * section 9.6): first our side only, then the rest when the client has closed its side or time is up. Closing with unread
 * input sends a reset, which can reach the client before it has read the response.
 */
export function closeInStages(socket: Socket): void {
  let isClosing = false
  socket.destroySoon = () => {
    if (isClosing || socket.destroyed) return
    isClosing = true
    socket.end()
    const timer = setTimeout(() => socket.destroy(), MAX_MS)
    socket.once("close", () => clearTimeout(timer))
    dropInput(socket)
    const closeAll = () => Socket.prototype.destroySoon.call(socket)
    if (socket.readableEnded) closeAll()
    else socket.once("end", closeAll)
  }
}

/** Discards further input, which must not reach the parser: no other request is served on this connection. */
function dropInput(socket: Socket) {
  let dropped = 0
  socket.removeAllListeners("data")
  socket.on("data", ({ length }) => {
    dropped += length
    // Not closed yet: a client that can't write any more may still read the response.
    if (dropped > MAX_BYTES) socket.pause()
  })
  socket.resume()
}
