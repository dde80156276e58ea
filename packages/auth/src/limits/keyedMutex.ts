import { AuthError } from "../errors.ts"

/**
 * Runs tasks with the same key one at a time, and tasks with different keys concurrently.
 *
 * @param patience milliseconds that a task may wait before it fails with {AuthError} `UNAVAILABLE`.
 */
export function createKeyedMutex(patience: number) {
  const last = new Map<string, Promise<unknown>>()

  return async function runExclusive<T>(key: string, run: () => Promise<T>): Promise<T> {
    const queuedAt = performance.now()
    async function runInTime() {
      if (performance.now() - queuedAt <= patience) return run()
      throw new AuthError("UNAVAILABLE", "Too many calls like this one are waiting; try again shortly.", {
        retryAfter: 1,
      })
    }
    const result = (last.get(key) ?? Promise.resolve()).then(runInTime, runInTime)
    last.set(key, result)
    try {
      return await result
    } finally {
      if (last.get(key) === result) last.delete(key)
    }
  }
}
