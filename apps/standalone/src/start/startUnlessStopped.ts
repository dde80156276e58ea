import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import type { RunningServer } from "./start.ts"

/**
 * Milliseconds that a start has to end when it is stopped. This is short because PGlite blocks the event loop for
 * seconds when it creates a database: waiting longer would only delay the exit.
 */
const END_MS = 1_000

/**
 * Starts a server. If it is stopped meanwhile, everything that has been opened is closed again, and the result is
 * null. Whatever can't be closed in time is left as after a crash, from which the next start recovers.
 */
export async function startUnlessStopped(
  stop: AbortSignal,
  start: () => Promise<RunningServer>,
): Promise<RunningServer | null> {
  try {
    const server = await Promise.race([start(), failAfter(stop)])
    if (!stop.aborted) return server
    await server.stop()
  } catch (error) {
    if (!stop.aborted) throw error
  }
  return null
}

async function failAfter(stop: AbortSignal): Promise<never> {
  await once(stop, "abort")
  await sleep(END_MS, undefined, { ref: false })
  throw new Error("the start did not end in time")
}
