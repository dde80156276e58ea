import { Socket } from "node:net"

/** Bytes that a connection is still read for after its last answer. */
const MAX_BYTES = 1024 * 1024

/** Milliseconds that a connection stays half open after its last answer. */
const MAX_MS = 2_000

/**
 * Makes `destroySoon`, with which Node and Hono end a connection after its last answer, close in stages (RFC 9112,
 * section 9.6): only our side at first, then all of it when the client has closed its own, or time is up. A close with
 * input unread is a reset, which can reach the client before it has read the answer.
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

/** What comes now is no request any more, so the parser gets none of it. */
function dropInput(socket: Socket) {
  let dropped = 0
  socket.removeAllListeners("data")
  socket.on("data", ({ length }) => {
    dropped += length
    // The client may still read the answer while it waits for room to write more.
    if (dropped > MAX_BYTES) socket.pause()
  })
  socket.resume()
}
