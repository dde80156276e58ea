import { and, isNull, lt, lte, or, type SQL, sql } from "drizzle-orm"
import type { PgColumn, PgTable } from "drizzle-orm/pg-core"
import { write } from "../../query.ts"
import { accountTokens, signInChallenges } from "../../schema/accounts.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { authority, authorityChanges } from "../../schema/authority.ts"
import { apiKeyCounters, apiKeyUsage } from "../../schema/keyCounts.ts"
import { massRevocations } from "../../schema/massRevocations.ts"
import { rateLimits } from "../../schema/rateLimits.ts"
import { sessions } from "../../schema/sessions.ts"
import { timeBefore } from "./timeBefore.ts"

interface Old {
  days: number
  limit: number
  /** For a table with partitions: the only partition to delete from. */
  partition?: string
}

/**
 * Makes a query function that deletes rows whose `time` is more than `days` ago, oldest first and at most `limit`,
 * and resolves to how many. Instances that run it concurrently don't wait for each other.
 */
const deleteOlder = (table: PgTable, keys: Record<string, PgColumn>, time: PgColumn | SQL) =>
  write(async (db, { days, limit, partition }: Old): Promise<number> => {
    const old = db
      // SQL text, because this may be a partition instead of the table.
      .select(Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, sql`${key}`])))
      .from(partition === undefined ? table : sql`${sql.identifier(partition)} as ${table}`)
      .where(sql`${time} < ${timeBefore(days)}`)
      .orderBy(time)
      .limit(limit)
      .for("update", { skipLocked: true })
    const columns = sql.join(Object.values(keys), sql`, `)
    const deleted = await db.delete(table).where(sql`(${columns}) in ${old}`).returning(keys)
    return deleted.length
  })

export const deleteOldAuditEvents = deleteOlder(auditEvents, { id: auditEvents.id }, auditEvents.createdAt)

/** A session's age counts from its end or expiry, whichever came first. */
export const deleteOldSessions = deleteOlder(
  sessions,
  { id: sessions.id },
  sql`least(${sessions.endedAt}, ${sessions.expiresAt})`,
)

/** A limit's age counts from the end of its window. */
export const deleteOldLimits = deleteOlder(rateLimits, { key: rateLimits.key }, rateLimits.expiresAt)

/** A counter's age counts from the end of its window. */
export const deleteOldCounters = deleteOlder(
  apiKeyCounters,
  { id: apiKeyCounters.id },
  apiKeyCounters.expiresAt,
)

/** The age of a link counts from its expiry. */
export const deleteOldAccountTokens = deleteOlder(
  accountTokens,
  { tokenHash: accountTokens.tokenHash },
  accountTokens.expiresAt,
)

/** The age of a challenge counts from its expiry. */
export const deleteOldSignInChallenges = deleteOlder(
  signInChallenges,
  { challengeHash: signInChallenges.challengeHash },
  signInChallenges.expiresAt,
)

export const deleteOldMassRevocations = deleteOlder(
  massRevocations,
  { id: massRevocations.id },
  massRevocations.createdAt,
)

export const deleteOldUsage = deleteOlder(
  apiKeyUsage,
  { apiKeyId: apiKeyUsage.apiKeyId, day: apiKeyUsage.day },
  apiKeyUsage.day,
)

/**
 * Changes that every instance has applied long ago. If an instance has not, it treats them as a change of everything.
 * Changes that the restore log may lack stay, and so does the newest change that it is known to have: by that one, log and
 * database recognize that they have the same history.
 */
export const deleteOldChanges = write(
  async (db, { days, limit }: Old): Promise<number> =>
    db.transaction(async (tx) => {
      // Positions grow with time, so the oldest are the first. A condition would make PostgreSQL read all others too.
      const first = tx
        .select({ position: authorityChanges.position, createdAt: authorityChanges.createdAt })
        .from(authorityChanges)
        .orderBy(authorityChanges.position)
        .limit(limit)
        .as("first")
      const old = await tx
        .select({ position: first.position })
        .from(first)
        .innerJoin(authority, sql`true`)
        .where(
          and(
            sql`${first.createdAt} < now() - make_interval(days => ${days})`,
            or(isNull(authority.deploymentId), lt(first.position, authority.loggedTo)),
          ),
        )
        .orderBy(first.position)
      const last = old.at(-1)
      if (!last) return 0
      await tx.update(authority).set({ deletedTo: sql`greatest(${authority.deletedTo}, ${last.position})` })
      await tx.delete(authorityChanges).where(lte(authorityChanges.position, last.position))
      return old.length
    }),
)
