import { setTimeout as sleep } from "node:timers/promises"

/** Milliseconds. Long, because a loaded machine may pause everything for seconds. */
const PATIENCE = 20_000

/**
 * Calls `check` every 20 ms until it neither throws nor rejects, and returns what it returned.
 *
 * @throws what `check` threw last, after 20 s.
 */
export async function eventually<Result>(check: () => Result): Promise<Awaited<Result>> {
  const deadline = performance.now() + PATIENCE
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(20)
  }
}
