import { RateLimiterDrizzle, RateLimiterRes } from "rate-limiter-flexible"
import type { Database } from "./createDatabase.ts"
import { type Counted, countTowardsLimit, findCounted } from "./queries/rateLimits.ts"
import { rateLimits } from "./schema.ts"

/**
 * rate-limiter-flexible's store for Drizzle, with queries of our own. Its own go by the clock of each process: an
 * instance whose clock is ahead would take every window for over. They also know no deadline, look for drizzle-orm
 * wherever that happens to be installed, and would clear away expired rows in a timer of every limiter.
 */
export class LimitStore extends RateLimiterDrizzle {
  private readonly db: Database

  constructor(options: {
    storeClient: Database
    keyPrefix: string
    points: number
    duration: number
    inMemoryBlockOnConsumed?: number
  }) {
    super({ ...options, schema: rateLimits, clearExpiredByTimeout: false })
    this.db = options.storeClient
  }

  _upsert(key: string, points: number, milliseconds: number, isAnew: boolean): Promise<Counted> {
    return countTowardsLimit(this.db, { key, points, seconds: milliseconds / 1000, isAnew })
  }

  _get(key: string): Promise<Counted | null> {
    return findCounted(this.db, { key })
  }

  _getRateLimiterRes(_key: string, changedPoints: number, { points, left }: Counted): RateLimiterRes {
    return new RateLimiterRes(
      Math.max(0, this.points - points),
      Math.max(0, left),
      points,
      points === changedPoints,
    )
  }
}
