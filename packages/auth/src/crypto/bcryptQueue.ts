import { setTimeout as sleep } from "node:timers/promises"
import bcrypt from "bcrypt"
import pLimit from "p-limit"
import { AuthError } from "../errors.ts"

/** bcrypt, a few at once and a bounded number waiting. */
export interface BcryptQueue {
  hash(text: string): Promise<string>
  compare(text: string, hash: string): Promise<boolean>
  /** Whether a hash was made at another cost than new ones are. */
  isOutdated(hash: string): boolean
  /** Matches no text; comparing with it takes as long as with a real one. */
  dummyHash: string
}

export interface BcryptQueueOptions {
  /** bcrypt's, for new hashes: each step doubles the time. */
  cost: number
  /** How many may run at once; each keeps one core busy. */
  concurrency: number
  /** How many may wait; one more is refused with `UNAVAILABLE`. */
  maxWaiting: number
  /**
   * How long a place in the queue rests after a comparison that failed, in times of what that took. Guessing then
   * gets a share of a core and leaves the rest to others; the answer itself does not wait.
   */
  restAfterMismatch?: number
}

export function createBcryptQueue({
  cost,
  concurrency,
  maxWaiting,
  restAfterMismatch = 0,
}: BcryptQueueOptions): BcryptQueue {
  const limit = pLimit(concurrency)

  async function enqueue<T>(text: string, run: () => Promise<T>): Promise<T> {
    // bcrypt ignores what follows the 72nd byte or a NUL, and would take two different texts for the same.
    if (Buffer.byteLength(text) > 72 || text.includes("\0")) throw new RangeError("text does not fit bcrypt")
    if (limit.pendingCount >= maxWaiting) {
      throw new AuthError("UNAVAILABLE", "Too many credentials are being checked; try again shortly.", {
        retryAfter: 1,
      })
    }
    return limit(run)
  }

  async function compareThenRest(text: string, hash: string, answer: (matches: boolean) => void) {
    const startedAt = performance.now()
    const matches = await bcrypt.compare(text, hash)
    answer(matches)
    if (!matches) await sleep((performance.now() - startedAt) * restAfterMismatch, undefined, { ref: false })
  }

  return {
    hash: (text) => enqueue(text, () => bcrypt.hash(text, cost)),
    compare: (text, hash) =>
      new Promise((resolve, reject) => {
        enqueue(text, () => compareThenRest(text, hash, resolve)).catch(reject)
      }),
    isOutdated: (hash) => bcrypt.getRounds(hash) !== cost,
    dummyHash: bcrypt.genSaltSync(cost) + ".".repeat(31),
  }
}
