import { once } from "node:events"
import type { Server } from "node:http"
import { setImmediate as nextTurn } from "node:timers/promises"

/**
 * Longest wait for requests under way. The process is to be gone within 10 s; 1.5 s of notice may come before, and
 * up to 5 s of writing what is left after.
 */
const GRACE_MS = 3_500

/** Turns of the event loop without a new connection after which none is taken to wait. */
const QUIET_TURNS = 5

/** Longest time to go on accepting. */
const ACCEPT_MS = 500

/** For each server that is draining: resolves when it accepts no more connections. */
const draining = new WeakMap<Server, Promise<void>>()

/** Whether a server is draining, so that no connection to it is worth keeping. */
export const isDraining = (server: Server) => draining.has(server)

/**
 * While a draining server still accepts connections, the wait before a request is answered; else undefined. Who has an
 * answer may open the next connection, so answering now would never let the queue run empty.
 */
export const waitBeforeAnswer = (server: Server) => draining.get(server)

/** Closes a server: no new connections, idle ones closed, busy ones when their answer is out or time is up. */
export async function drain(server: Server): Promise<void> {
  const closed = once(server, "close")
  const accepted = acceptWaiting(server).then(() => void server.close())
  draining.set(server, accepted)
  await accepted
  // Connections that were busy with a keep-alive answer turn idle one after the other. After a turn's reading, so that
  // one whose next request has arrived is not taken to be idle.
  const sweep = setInterval(() => setImmediate(() => server.closeIdleConnections()), 50)
  const deadline = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}

/**
 * Accepts the connections that the kernel has opened and queued, which closing would reset. One that is opened between
 * the last look at the queue and the close, some microseconds later, is still reset: the kernel has no way to stop
 * queueing first.
 */
async function acceptWaiting(server: Server) {
  let quietTurns = 0
  const onConnection = () => {
    quietTurns = 0
  }
  server.on("connection", onConnection)
  const deadline = performance.now() + ACCEPT_MS
  while (quietTurns < QUIET_TURNS && performance.now() < deadline) {
    quietTurns++
    // Each turn looks at the queue, and then comes here.
    await nextTurn()
  }
  server.off("connection", onConnection)
}
