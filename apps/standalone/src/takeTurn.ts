import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** Requests of one connection that may wait behind one another. Hardly any client sends ahead, and none as many. */
const MAX_WAITING = 20

interface Queue {
  /** The latest request of the connection; null once it is answered. */
  latest: ServerResponse | null
  waiting: number
}

const queues = new WeakMap<Socket, Queue>()

/**
 * The wait until the earlier requests of its connection are answered; undefined when there is none to wait for. Node
 * would have everything that a client sends ahead answered at once and keep the answers, so that one who reads none of
 * them fills the memory: one piece of 64 KiB asks for a file a thousand times. Beyond a few requests it ends the
 * connection.
 *
 * @returns a promise that never resolves when the connection ends first, as nobody is left to answer.
 */
export function takeTurn({ socket }: IncomingMessage, outgoing: ServerResponse): Promise<void> | undefined {
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
      // The earlier answer may have been the connection's last.
      if (socket.writable) resolve()
    })
  })
}

/** Node parses what it has read to its end, even of a destroyed socket. With this answer, as for an upgrade, it stops. */
const STOP = 2

function endConnection(socket: Socket & { parser?: { onIncoming: (() => number) | null } | null }) {
  socket.destroy()
  if (socket.parser) socket.parser.onIncoming = () => STOP
}
