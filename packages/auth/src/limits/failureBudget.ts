import type { Limit } from "./limits.ts"

/** How many keys are kept; far more than bcrypts could fail in a window. */
const MAX_KEYS = 10_000

/** Counts failures per key, in memory and no more of it than `MAX_KEYS` take. */
export interface FailureBudget {
  /**
   * Counts one, before it is known whether it will fail.
   *
   * @returns 0, or where there are too many already the seconds until there may be more.
   */
  consume(key: string): number
  /** It has not failed. */
  refund(key: string): void
}

export function createFailureBudget({ count, seconds }: Limit): FailureBudget {
  /** In the order of their windows' ends, as all windows are as long. */
  const windows = new Map<string, { failures: number; endsAt: number }>()

  function windowOf(key: string) {
    const now = performance.now()
    const found = windows.get(key)
    if (found && found.endsAt > now) return found
    windows.delete(key)
    const oldest = windows.keys().next()
    if (windows.size >= MAX_KEYS && !oldest.done) windows.delete(oldest.value)
    const opened = { failures: 0, endsAt: now + seconds * 1000 }
    windows.set(key, opened)
    return opened
  }

  return {
    consume(key) {
      const window = windowOf(key)
      if (window.failures >= count) return Math.max(1, Math.ceil((window.endsAt - performance.now()) / 1000))
      window.failures++
      return 0
    },
    refund(key) {
      const window = windows.get(key)
      if (window && window.failures > 0) window.failures--
    },
  }
}
