import { once } from "node:events"
import type { Server } from "node:http"
import { setImmediate as nextIteration } from "node:timers/promises"

/**
 * Milliseconds to wait for requests in flight. The process has to exit within 10 s, including up to 1.5 s of notice before
 * and up to 5 s of final writes after.
 */
const GRACE_MS = 3_500

/** Iterations of the event loop without a new connection after which the kernel's queue counts as empty. */
const QUIET_ITERATIONS = 5

/** Milliseconds after which no more connections are accepted. */
const ACCEPT_MS = 500

/** For each draining server, a promise that resolves when it accepts no more connections. */
const draining = new WeakMap<Server, Promise<void>>()

/** Whether a server is draining, so that its connections must not be kept alive. */
export const isDraining = (server: Server) => draining.has(server)

/**
 * For a draining server, a promise to await before responding; otherwise undefined. It resolves when the server accepts no
 * more connections. Clients may open their next connection as soon as they have a response, so responding earlier could
 * keep the kernel's queue from ever being empty.
 */
export const waitBeforeResponse = (server: Server) => draining.get(server)

/**
 * Closes a server: accepts no more connections, and closes busy ones when their response is sent or time is up.
 *
 * @param acceptAll resolves when no connection waits to be accepted.
 */
export async function drain(
  server: Server,
  acceptAll: (server: Server) => Promise<void> = acceptQueued,
): Promise<void> {
  const closed = once(server, "close")
  const accepted = acceptAll(server).then(() => void server.close())
  draining.set(server, accepted)
  await accepted
  // Busy connections become idle one by one. `setImmediate` runs after the event loop has read from them, so that one
  // whose next request has arrived does not count as idle.
  const sweep = setInterval(() => setImmediate(() => server.closeIdleConnections()), 50)
  const deadline = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}

/**
 * Accepts the connections in the kernel's queue, which closing the server would reset. A connection that arrives in the
 * microseconds between the last look at the queue and the close is still reset: the kernel can't stop queueing first.
 */
export async function acceptQueued(server: Server): Promise<void> {
  let quietIterations = 0
  const onConnection = () => {
    quietIterations = 0
  }
  server.on("connection", onConnection)
  const deadline = performance.now() + ACCEPT_MS
  while (quietIterations < QUIET_ITERATIONS && performance.now() < deadline) {
    quietIterations++
    // Each iteration accepts queued connections before it continues here.
    await nextIteration()
  }
  server.off("connection", onConnection)
}
