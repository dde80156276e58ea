import { AuthError } from "../errors.ts"

/**
 * Runs what belongs to one key one after the other, and different keys beside each other.
 *
 * @param patience milliseconds; whoever has waited longer for a turn gets {AuthError} `UNAVAILABLE` instead of it.
 */
export function createKeyedMutex(patience: number) {
  const last = new Map<string, Promise<unknown>>()

  return async function runExclusive<T>(key: string, run: () => Promise<T>): Promise<T> {
    const askedAt = performance.now()
    async function runInTime() {
      if (performance.now() - askedAt <= patience) return run()
      throw new AuthError("UNAVAILABLE", "Too many calls like this one wait; try again shortly.", {
        retryAfter: 1,
      })
    }
    const turn = (last.get(key) ?? Promise.resolve()).then(runInTime, runInTime)
    last.set(key, turn)
    try {
      return await turn
    } finally {
      if (last.get(key) === turn) last.delete(key)
    }
  }
}
