import { and, eq, gt, sql } from "drizzle-orm"
import { RateLimiterDrizzle, RateLimiterRes } from "rate-limiter-flexible"
import type { Database } from "./createDatabase.ts"
import { rateLimits } from "./schema.ts"

interface Row {
  points: number
  /** Milliseconds until the window ends. */
  left: number
}

const row = {
  points: rateLimits.points,
  left: sql<number>`floor(extract(epoch from ${rateLimits.expiresAt} - now()) * 1000)::float8`,
}

/**
 * rate-limiter-flexible's store for Drizzle, with statements of our own. Its own go by the clock of each process: an
 * instance whose clock is ahead would take every window for over. It also looks for drizzle-orm wherever
 * that happens to be installed, and would clear away expired rows in a timer of every limiter.
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

  /** One statement, so that of two that come at the same moment the second counts the first. */
  async _upsert(
    key: string,
    points: number,
    milliseconds: number,
    isAnew: boolean,
  ): Promise<Row | undefined> {
    const isOver = sql`(${isAnew}::boolean or ${rateLimits.expiresAt} <= now())`
    const [updated] = await this.db
      .insert(rateLimits)
      .values({ key, points, expiresAt: sql`now() + make_interval(secs => ${milliseconds / 1000})` })
      .onConflictDoUpdate({
        target: rateLimits.key,
        set: {
          points: sql`case when ${isOver} then excluded.points else ${rateLimits.points} + excluded.points end`,
          expiresAt: sql`case when ${isOver} then excluded.expires_at else ${rateLimits.expiresAt} end`,
        },
      })
      .returning(row)
    return updated
  }

  async _get(key: string): Promise<Row | null> {
    const [found] = await this.db
      .select(row)
      .from(rateLimits)
      .where(and(eq(rateLimits.key, key), gt(rateLimits.expiresAt, sql`now()`)))
    return found ?? null
  }

  _getRateLimiterRes(_key: string, changedPoints: number, { points, left }: Row): RateLimiterRes {
    return new RateLimiterRes(
      Math.max(0, this.points - points),
      Math.max(0, left),
      points,
      points === changedPoints,
    )
  }
}
