import { type SQL, sql } from "drizzle-orm"
import type { PgColumn, PgTable } from "drizzle-orm/pg-core"
import { write } from "../query.ts"
import { apiKeyCounters, apiKeyUsage, auditEvents, massRevocations, rateLimits, sessions } from "../schema.ts"

/**
 * Makes a query function that deletes rows whose `time` is more than `days` ago, oldest first and at most `limit`,
 * and resolves to how many. Instances that run it concurrently don't wait for each other.
 */
const deleteOlder = (table: PgTable, key: PgColumn | SQL, time: PgColumn | SQL) =>
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

/** A session's age counts from its end or expiry, whichever came first. */
export const deleteOldSessions = deleteOlder(
  sessions,
  sessions.id,
  sql`least(${sessions.endedAt}, ${sessions.expiresAt})`,
)

/** A limit's age counts from the end of its window. */
export const deleteOldLimits = deleteOlder(rateLimits, rateLimits.key, rateLimits.expiresAt)

/** A counter's age counts from the end of its window. */
export const deleteOldCounters = deleteOlder(apiKeyCounters, apiKeyCounters.id, apiKeyCounters.expiresAt)

export const deleteOldMassRevocations = deleteOlder(
  massRevocations,
  massRevocations.id,
  massRevocations.createdAt,
)

/** Each row is of a key and a day, so its place in the table identifies it. */
export const deleteOldUsage = deleteOlder(apiKeyUsage, sql`ctid`, apiKeyUsage.day)
