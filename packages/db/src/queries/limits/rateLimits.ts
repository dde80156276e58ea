import { and, gt, sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query, write } from "../../query.ts"
import { rateLimits } from "../../schema/rateLimits.ts"
import { anyOf, joinIds } from "../anyOf.ts"

export interface Counted {
  points: number
  /** Milliseconds until the window ends. */
  left: number
}

const counted = {
  points: rateLimits.points,
  left: sql<number>`floor(extract(epoch from ${rateLimits.expiresAt} - now()) * 1000)::float8`,
}

/** A window that ends later than a new one comes from a clock that was ahead. Concurrent calls began at different times. */
const isAhead = sql`${rateLimits.expiresAt} > excluded.expires_at + interval '5 seconds'`

/**
 * Adds points to a key's count in one statement, so that no concurrent call is lost. Begins a new window if the key's
 * window is over, or if `isNewWindow`.
 */
export const countTowardsLimit = write(
  async (
    db,
    {
      key,
      points,
      seconds,
      isNewWindow,
    }: { key: string; points: number; seconds: number; isNewWindow: boolean },
  ): Promise<Counted> => {
    const begins = sql`(${isNewWindow}::boolean or ${rateLimits.expiresAt} <= now() or ${isAhead})`
    const [row] = await db
      .insert(rateLimits)
      .values({ key, points, expiresAt: sql`now() + make_interval(secs => ${seconds})` })
      .onConflictDoUpdate({
        target: rateLimits.key,
        set: {
          points: sql`case when ${begins} then excluded.points else ${rateLimits.points} + excluded.points end`,
          expiresAt: sql`case when ${begins} then excluded.expires_at else ${rateLimits.expiresAt} end`,
        },
      })
      .returning(counted)
    if (!row) throw new TypeError("upsert returned no row")
    return row
  },
)

/** Returns the keys whose window is not over. The keys must not contain commas. */
export const findOpenWindows = query(async (db, { keys }: { keys: readonly string[] }): Promise<string[]> => {
  const rows = await db
    .select({ key: rateLimits.key })
    .from(rateLimits)
    .where(and(onPrimary, anyOf(rateLimits.key, joinIds(keys)), gt(rateLimits.expiresAt, sql`now()`)))
  return rows.map(({ key }) => key)
})
