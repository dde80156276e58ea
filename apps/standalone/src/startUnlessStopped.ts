import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import type { RunningServer } from "./start.ts"

/** Milliseconds that a start has to end when it is stopped. */
const END_MS = 5_000

/**
 * Starts a server, unless it is stopped meanwhile: then what has been opened is closed again, and the result is null. What
 * can't be closed in time is left as it is; the next start copes with it, as after a crash.
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
