import type { Worker } from "node:cluster"
import { setTimeout as sleep } from "node:timers/promises"
import { NOTICE_MS } from "../http/createReadiness.ts"
import { askAll } from "./ask.ts"

/** Milliseconds that a worker has to answer. It answers at once unless it hangs. */
const ANSWER_MS = 250

/** Milliseconds after which a worker that has not exited is killed: less than supervisors wait, which is 10 s. */
const EXIT_MS = 9_500

/** Milliseconds after which no more connections are accepted. */
const ACCEPT_MS = 1_000

/** Rounds without a new connection after which the kernel's queue counts as empty. */
const QUIET_ROUNDS = 3

export interface Stopping {
  /** The workers that serve. */
  serving(): readonly Worker[]
  /** All workers that have not exited. */
  all(): readonly Worker[]
  /** Resolves when all workers have exited. */
  exited: Promise<void>
}

/**
 * Stops all workers as one server: all report that they are not ready, keep serving for a moment if a load balancer
 * polls any of them, accept the waiting connections, finish the requests in flight, and exit.
 */
export async function stopWorkers({ serving, all, exited }: Stopping): Promise<void> {
  const deadline = setTimeout(() => {
    for (const worker of all()) worker.process.kill("SIGKILL")
  }, EXIT_MS)
  const polled = await askAll(serving(), "announceStop", ANSWER_MS)
  if (polled.includes(true)) await sleep(NOTICE_MS)
  await askAll(serving(), "hold", ANSWER_MS)
  await acceptQueued(serving)
  const stopping = askAll(all(), "stop", ACCEPT_MS)
  // Closes the primary's copy of the socket first. While it is open, connections arrive that no worker accepts.
  for (const worker of all()) worker.disconnect()
  await stopping
  await askAll(all(), "respond", ANSWER_MS)
  await exited
  clearTimeout(deadline)
}

/**
 * Waits until the workers have accepted the connections in the kernel's queue, because the end of the last worker would
 * reset them.
 */
async function acceptQueued(serving: () => readonly Worker[]) {
  const deadline = performance.now() + ACCEPT_MS
  let quietRounds = 0
  while (quietRounds < QUIET_ROUNDS && performance.now() < deadline) {
    const accepted = await askAll(serving(), "accepted", ANSWER_MS)
    quietRounds = accepted.some((count) => count > 0) ? 0 : quietRounds + 1
  }
}
