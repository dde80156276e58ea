import { inArray, lte, sql } from "drizzle-orm"
import { query } from "../query.ts"
import { rateLimits } from "../schema.ts"

/** What one statement removes well within its time. */
const MAX_AT_ONCE = 5_000

/**
 * Removes counts whose window is over, some of them at a time; instances that do so at the same moment leave each
 * other's alone.
 *
 * @returns whether there may be more.
 */
export const removeExpiredLimits = query<void, boolean>(async (db) => {
  const expired = db
    .select({ key: rateLimits.key })
    .from(rateLimits)
    .where(lte(rateLimits.expiresAt, sql`now()`))
    .limit(MAX_AT_ONCE)
    .for("update", { skipLocked: true })
  const removed = await db
    .delete(rateLimits)
    .where(inArray(rateLimits.key, expired))
    .returning({ key: rateLimits.key })
  return removed.length === MAX_AT_ONCE
})
