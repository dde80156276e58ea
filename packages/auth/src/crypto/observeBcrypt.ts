import { AuthError } from "../errors.ts"
import type { AuthObserver, BcryptPurpose, BcryptResult } from "../observer.ts"
import type { BcryptQueue } from "./bcryptQueue.ts"

/** Wraps a queue to notify an observer; without an observer, returns the queue itself. */
export function observeBcrypt(
  queue: BcryptQueue,
  purpose: BcryptPurpose,
  observer: AuthObserver | undefined,
): BcryptQueue {
  if (!observer) return queue

  async function watch<Result>(
    run: () => Promise<Result>,
    nameOf: (result: Result) => BcryptResult,
  ): Promise<Result> {
    const startedAt = performance.now()
    let outcome: BcryptResult = "failed"
    observer?.bcryptBegan(purpose)
    try {
      const result = await run()
      outcome = nameOf(result)
      return result
    } catch (error) {
      if (error instanceof AuthError && error.reason === "UNAVAILABLE") outcome = "refused"
      throw error
    } finally {
      observer?.bcryptEnded(purpose, outcome, (performance.now() - startedAt) / 1000)
    }
  }

  return {
    ...queue,
    hash: (text) =>
      watch(
        () => queue.hash(text),
        () => "hashed",
      ),
    compare: (text, hash) =>
      watch(
        () => queue.compare(text, hash),
        (matches) => (matches ? "match" : "mismatch"),
      ),
  }
}
