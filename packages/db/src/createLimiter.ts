import { LRUCache } from "lru-cache"
import type { Database } from "./database.ts"
import { countTowardsLimit, findOpenWindows } from "./queries/limits/rateLimits.ts"

export interface LimiterOptions {
  /** The prefix of its keys in the database, unique among limiters. */
  name: string
  /** The number of calls allowed in a window, which begins with the first of them. */
  count: number
  /** The window's length. */
  seconds: number
  /**
   * Refuses further calls from memory until the window ends, so that a flood costs no statements. Only for limits
   * without refunds.
   */
  remembersRefusals?: boolean
}

/** How much of a key's limit is used up. */
export interface Usage {
  /** Whether this call was within the limit. */
  isAllowed: boolean
  remaining: number
  /** Seconds until the window ends and the whole limit is available again; at least 1. */
  reset: number
}

/** Counts per key, across all instances. All methods throw `DatabaseUnavailable`. */
export interface Limiter {
  /** Counts a call, even beyond the limit. */
  consume(key: string): Promise<Usage>
  /** Takes back one count. */
  refund(key: string): Promise<void>
  /** Remembers the key for the next `seconds`. */
  remember(key: string): Promise<void>
  /** Returns the keys that are remembered. The keys must not contain a comma. */
  remembered(keys: readonly string[]): Promise<string[]>
}

/** How many refused keys a process remembers, at about 200 bytes each. */
const MAX_REFUSALS = 10_000

/** Creates a rate limit. The database keeps its counts, by its own clock. */
export function createLimiter(
  db: Database,
  { name, count, seconds, remembersRefusals = false }: LimiterOptions,
): Limiter {
  // With `max`, lru-cache would allocate for all of them at once.
  const refusals = remembersRefusals
    ? new LRUCache<string, true>({ maxSize: MAX_REFUSALS, sizeCalculation: () => 1 })
    : undefined
  const rowKey = (key: string) => `${name}:${key}`
  const add = (key: string, points: number, isNewWindow = false) =>
    countTowardsLimit(db, { key: rowKey(key), points, seconds, isNewWindow })

  return {
    async consume(key) {
      const refusedFor = refusals?.getRemainingTTL(key) ?? 0
      if (refusedFor > 0) return { isAllowed: false, remaining: 0, reset: wholeSeconds(refusedFor) }
      const { points, left } = await add(key, 1)
      const isAllowed = points <= count
      if (!isAllowed && left >= 1) refusals?.set(key, true, { ttl: Math.floor(left) })
      return { isAllowed, remaining: Math.max(0, count - points), reset: wholeSeconds(left) }
    },
    async refund(key) {
      await add(key, -1)
    },
    async remember(key) {
      await add(key, 1, true)
    },
    async remembered(keys) {
      const stored = await findOpenWindows(db, { keys: keys.map(rowKey) })
      return keys.filter((key) => stored.includes(rowKey(key)))
    },
  }
}

const wholeSeconds = (milliseconds: number) => Math.max(1, Math.ceil(milliseconds / 1000))
