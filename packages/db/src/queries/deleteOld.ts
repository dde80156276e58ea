import { type SQL, sql } from "drizzle-orm"
import type { PgColumn, PgTable } from "drizzle-orm/pg-core"
import { write } from "../query.ts"
import { auditEvents, rateLimits, sessions } from "../schema.ts"

/**
 * A query function that deletes rows whose time is more than so many days ago, the oldest first and at most `limit`.
 * Instances that do so at the same moment do not wait for each other. It resolves to how many.
 */
const deleteOlder = (table: PgTable, key: PgColumn, time: PgColumn | SQL) =>
  write(async (db, { days, limit }: { days: number; limit: number }): Promise<number> => {
    const old = db
      .select({ key })
      .from(table)
      .where(sql`${time} < now() - make_interval(days => ${days})`)
      .orderBy(time)
      .limit(limit)
      .for("update", { skipLocked: true })
    const deleted = await db.delete(table).where(sql`${key} in (${old})`).returning({ key })
    return deleted.length
  })

export const deleteOldAuditEvents = deleteOlder(auditEvents, auditEvents.id, auditEvents.createdAt)

/** By when they ended or expired, whichever came first. */
export const deleteOldSessions = deleteOlder(
  sessions,
  sessions.id,
  sql`least(${sessions.endedAt}, ${sessions.expiresAt})`,
)

/** By when their window was over. */
export const deleteOldLimits = deleteOlder(rateLimits, rateLimits.key, rateLimits.expiresAt)
