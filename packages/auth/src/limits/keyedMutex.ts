import { AuthError } from "../errors.ts"

/**
 * Runs tasks with the same key one after the other, and tasks with different keys concurrently.
 *
 * @param patience milliseconds that a task may wait; then it fails with {AuthError} `UNAVAILABLE`.
 */
export function createKeyedMutex(patience: number) {
  const last = new Map<string, Promise<unknown>>()

  return async function runExclusive<T>(key: string, run: () => Promise<T>): Promise<T> {
    const askedAt = performance.now()
    async function runInTime() {
      if (performance.now() - askedAt <= patience) return run()
      throw new AuthError("UNAVAILABLE", "Too many calls like this one are waiting; try again shortly.", {
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
