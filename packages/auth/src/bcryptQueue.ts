import bcrypt from "bcrypt"
import pLimit from "p-limit"
import { AuthError } from "./errors.ts"

/** bcrypt, a few at once and a bounded number waiting. */
export interface BcryptQueue {
  hash(text: string): Promise<string>
  compare(text: string, hash: string): Promise<boolean>
  /** Whether a hash was made at another cost than new ones are. */
  isOutdated(hash: string): boolean
  /** Matches no text; comparing with it takes as long as with a real one. */
  decoyHash: string
}

/**
 * @param options.cost bcrypt's, for new hashes: each step doubles the time.
 * @param options.concurrency how many may run at once; each keeps one core busy.
 * @param options.maxWaiting how many may wait; one more is refused with `UNAVAILABLE`.
 */
export function createBcryptQueue(options: {
  cost: number
  concurrency: number
  maxWaiting: number
}): BcryptQueue {
  const limit = pLimit(options.concurrency)

  async function enqueue<T>(text: string, run: () => Promise<T>): Promise<T> {
    // bcrypt ignores what follows the 72nd byte or a NUL, and would take two different texts for the same.
    if (Buffer.byteLength(text) > 72 || text.includes("\0")) throw new RangeError("text does not fit bcrypt")
    if (limit.pendingCount >= options.maxWaiting) {
      throw new AuthError("UNAVAILABLE", "Too many credentials are being checked; try again shortly.")
    }
    return limit(run)
  }

  return {
    hash: (text) => enqueue(text, () => bcrypt.hash(text, options.cost)),
    compare: (text, hash) => enqueue(text, () => bcrypt.compare(text, hash)),
    isOutdated: (hash) => bcrypt.getRounds(hash) !== options.cost,
    decoyHash: bcrypt.genSaltSync(options.cost) + ".".repeat(31),
  }
}
