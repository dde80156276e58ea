import { RateLimiterRes } from "rate-limiter-flexible"
import type { Database } from "./createDatabase.ts"
import { LimitStore } from "./limitStore.ts"
import { findOpenWindows } from "./queries/rateLimits.ts"

export interface LimiterOptions {
  /** Stands before its keys; no other limiter's. */
  name: string
  /** How many may be taken in one window, which begins with the first. */
  count: number
  /** The window's length. */
  seconds: number
  /**
   * For what is never given back: once the limit is reached, this process knows until when, and a flood of more costs
   * no statement each.
   */
  remembersRefusals?: boolean
}

/** How far a key's limit is used up. */
export interface Usage {
  /** Whether this one was within the limit. */
  isAllowed: boolean
  remaining: number
  /** Seconds until the window ends and the whole limit is there again; at least 1. */
  reset: number
}

/** Counts per key, for all instances together. All throw `DatabaseUnavailable`. */
export interface Limiter {
  /** Counts one, also beyond the limit. */
  consume(key: string): Promise<Usage>
  /** Makes one uncounted. */
  refund(key: string): Promise<void>
  /** Remembers the key from now on for the limiter's seconds. */
  remember(key: string): Promise<void>
  /** Those of the keys that are remembered. The keys must hold no comma. */
  remembered(keys: readonly string[]): Promise<string[]>
}

/** A limit whose counts the database keeps. */
export function createLimiter(
  db: Database,
  { name, count, seconds, remembersRefusals = false }: LimiterOptions,
): Limiter {
  const store = new LimitStore({
    storeClient: db,
    keyPrefix: name,
    points: count,
    duration: seconds,
    ...(remembersRefusals && { inMemoryBlockOnConsumed: count + 1 }),
  })
  return {
    async consume(key) {
      try {
        return usageOf(await store.consume(key), true)
      } catch (error) {
        if (error instanceof RateLimiterRes) return usageOf(error, false)
        throw error
      }
    },
    async refund(key) {
      await store.reward(key)
    },
    async remember(key) {
      await store.set(key, 1, seconds)
    },
    async remembered(keys) {
      const stored = await findOpenWindows(db, { keys: keys.map((key) => store.getKey(key)) })
      return keys.filter((key) => stored.includes(store.getKey(key)))
    },
  }
}

const usageOf = ({ remainingPoints, msBeforeNext }: RateLimiterRes, isAllowed: boolean): Usage => ({
  isAllowed,
  remaining: remainingPoints,
  reset: Math.max(1, Math.ceil(msBeforeNext / 1000)),
})
