import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** The highest number of waiting pipelined requests on one connection. Few clients pipeline, and none sends as many. */
const MAX_WAITING = 20

interface Queue {
  /** The latest request of the connection; null once it is answered. */
  latest: ServerResponse | null
  waiting: number
}

const queues = new WeakMap<Socket, Queue>()

/**
 * Waits until the earlier requests of the same connection have been answered. Node starts all pipelined requests at once
 * and buffers their responses, so a client that reads none of them would fill the memory: 64 KiB can request a file a
 * thousand times. A connection with too many requests waiting is ended.
 *
 * @returns undefined when there is nothing to wait for. The promise never resolves when the connection ends first.
 */
export function waitForEarlierRequests(
  { socket }: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> | undefined {
  const queue = queues.get(socket) ?? { latest: null, waiting: 0 }
  queues.set(socket, queue)
  const earlier = queue.latest
  queue.latest = outgoing
  outgoing.once("finish", () => {
    if (queue.latest === outgoing) queue.latest = null
  })
  if (!earlier) return undefined
  queue.waiting++
  if (queue.waiting > MAX_WAITING) endConnection(socket)
  return new Promise((resolve) => {
    earlier.once("finish", () => {
      queue.waiting--
      // The earlier response may have closed the connection.
      if (socket.writable) resolve()
    })
  })
}

/**
 * Makes the parser stop, as for an upgrade. Otherwise it would process the rest of its buffer although the socket is
 * destroyed.
 */
const STOP = 2

function endConnection(socket: Socket & { parser?: { onIncoming: (() => number) | null } | null }) {
  socket.destroy()
  if (socket.parser) socket.parser.onIncoming = () => STOP
}
