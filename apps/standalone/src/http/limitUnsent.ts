import type { Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { endLargest, type Held } from "./endLargest.ts"

/**
 * Bytes of all responses together that wait for their clients. The process holds a few times as many, in texts and garbage.
 * Clients that read as they should leave next to none.
 */
const MAX_BYTES = 64 * 1024 * 1024

/** What a streamed response that waits for its client may hold: the results of a batch. */
const BYTES_OF_STREAM = 4 * 1024 * 1024

const INTERVAL_MS = 500

/**
 * Ends connections of slow clients when the responses that wait for them fill the memory. A few users could otherwise
 * stop the server: a batch of lists has megabytes, and a client that reads a little from time to time never times out.
 *
 * The network with the most bytes loses its longest-running response first, so clients that are merely slow keep theirs.
 */
export function limitUnsent(server: Server): void {
  /** In progress, longest-running first, with the client's connection. */
  const responses = new Map<ServerResponse, Socket>()
  server.on("request", ({ socket }, outgoing) => {
    responses.set(outgoing, socket)
    outgoing.once("close", () => responses.delete(outgoing))
  })

  function* unsent(): Generator<Held> {
    for (const [outgoing, socket] of responses) {
      // Node emits no `close` for pipelined responses that still wait for an earlier one.
      if (socket.destroyed) responses.delete(outgoing)
      else yield { socket, bytes: unsentBytes(outgoing), end: () => outgoing.destroy() }
    }
  }
  const timer = setInterval(() => endLargest(unsent(), MAX_BYTES), INTERVAL_MS).unref()
  server.once("close", () => clearInterval(timer))
}

function unsentBytes(outgoing: ServerResponse): number {
  const isStalledStream = outgoing.writableNeedDrain && !outgoing.writableEnded
  return isStalledStream ? Math.max(BYTES_OF_STREAM, outgoing.writableLength) : outgoing.writableLength
}
