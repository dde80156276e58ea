import { setTimeout as sleep } from "node:timers/promises"

/**
 * Waits until a condition holds.
 *
 * @returns whether it did in time.
 */
export async function isInTime(
  condition: () => Promise<boolean> | boolean,
  seconds: number,
): Promise<boolean> {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    if (await condition()) return true
    await sleep(200)
  }
  return false
}

/** @throws an error that names what did not happen in time. */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean> | boolean,
  seconds: number,
): Promise<void> {
  if (!(await isInTime(condition, seconds))) throw new Error(`not within ${seconds} s: ${what}`)
}
