import { setTimeout as sleep } from "node:timers/promises"
import bcrypt from "bcrypt"
import pLimit from "p-limit"
import { AuthError } from "../errors.ts"

/** Runs bcrypt with bounded concurrency and a bounded queue. */
export interface BcryptQueue {
  hash(text: string): Promise<string>
  compare(text: string, hash: string): Promise<boolean>
  /** Whether the cost of a hash differs from the cost of new hashes. */
  isOutdated(hash: string): boolean
  /** Matches no text. Comparing with it takes as long as with a real hash. */
  dummyHash: string
}

export interface BcryptQueueOptions {
  /** The cost of new hashes; each step doubles the time. */
  cost: number
  /** How many run at once; each occupies one core. */
  concurrency: number
  /** How many may wait. All others are refused with `UNAVAILABLE`. */
  maxWaiting: number
  /**
   * How long a slot rests after a mismatch, as a multiple of the comparison's duration. This limits guessing to a
   * share of a core. The answer itself is not delayed.
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
    // bcrypt ignores everything after the 72nd byte or a NUL, so different texts would match.
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
