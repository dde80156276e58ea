import { createCache } from "../createCache.ts"
import type { Limit } from "./limits.ts"

/** The number of keys remembered: far more than bcrypts can fail in one window. */
const MAX_KEYS = 10_000

/** Counts failures per key in the memory of this process. */
export interface FailureBudget {
  /**
   * Counts a failure before the outcome is known.
   *
   * @returns 0 if the budget is not used up; otherwise the seconds until the window ends.
   */
  consume(key: string): number
  /** Undoes a count after a success. */
  refund(key: string): void
}

export function createFailureBudget({ count, seconds }: Limit, now = () => performance.now()): FailureBudget {
  const windows = createCache<{ failures: number }>(MAX_KEYS, {
    ttl: seconds * 1000,
    perf: { now },
    ttlResolution: 0,
  })

  function openWindow(key: string) {
    const opened = { failures: 0 }
    windows.set(key, opened)
    return opened
  }

  return {
    consume(key) {
      const window = windows.get(key) ?? openWindow(key)
      if (window.failures >= count) return Math.max(1, Math.ceil(windows.getRemainingTTL(key) / 1000))
      window.failures++
      return 0
    },
    refund(key) {
      const window = windows.get(key)
      if (window && window.failures > 0) window.failures--
    },
  }
}
