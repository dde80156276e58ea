import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "drizzle-orm"
import type { Database, MigrateOptions } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { carryOut } from "./carryOut.ts"
import { isCurrent, makePlan } from "./plan.ts"

/** Any number that nothing else on the database locks: "latchkey" in ASCII. All versions use the same. */
export const ADVISORY_LOCK = "7809651199139603833"

/** SQLSTATEs of a lock that was not free within `lock_timeout`, and of two transactions that waited for each other. */
const NO_LOCK = /^(55P03|40P01)$/

/** Milliseconds between two attempts, in which the queries that have queued behind the first can run. */
const PAUSE_MS = 1_000

/** Milliseconds that a transaction may take apart from migrations, which includes one wait for a lock. */
const SILENCE_MS = 5_000

/**
 * Moves the tables of an earlier installation to their schema and brings them up to date, in one transaction. Instances
 * that start concurrently migrate one after the other, under an advisory lock that ends with the transaction. Drizzle's
 * own migrator can't run inside it, since it opens a transaction itself.
 *
 * It waits for locks as long as it takes, in short attempts: PostgreSQL does not notice that an instance is gone while
 * its session waits, and queries of other instances queue behind a waiting migration.
 *
 * @param onSilence called when the database does not answer; ends the connection.
 * @throws {DatabaseUnusable} if something else is in the way.
 */
export async function migrateDatabase(
  db: Database,
  schema: string,
  { signal, onWait, onSilence }: MigrateOptions & { onSilence?: () => void } = {},
): Promise<void> {
  const reported = new Set<string>()
  for (;;) {
    signal?.throwIfAborted()
    const watchdog = setTimeout(() => onSilence?.(), SILENCE_MS)
    let hasTurn = false
    try {
      return await db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(ADVISORY_LOCK)})`)
        hasTurn = true
        const plan = await makePlan(tx, schema)
        if (isCurrent(plan)) return
        // Migrations may take any time.
        clearTimeout(watchdog)
        await carryOut(tx, plan)
      })
    } catch (error) {
      if (!hasCode(error, NO_LOCK)) throw error
      const reason = hasTurn ? OTHER_TRANSACTION : OTHER_INSTANCE
      if (!reported.has(reason)) onWait?.(reason)
      reported.add(reason)
      if (hasTurn) await sleep(PAUSE_MS)
    } finally {
      clearTimeout(watchdog)
    }
  }
}

const OTHER_INSTANCE = "another instance is migrating the database; waiting for it to finish"
const OTHER_TRANSACTION = "another transaction locks what the migration changes; waiting for it to end"

/**
 * What `migrateDatabase` would do, a line for each step.
 *
 * @param onSilence called when the database does not answer; ends the connection.
 * @throws {DatabaseUnusable} as that would.
 */
export async function findPending(db: Database, schema: string, onSilence?: () => void): Promise<string[]> {
  const watchdog = setTimeout(() => onSilence?.(), SILENCE_MS)
  try {
    const { found, pending } = await db.transaction((tx) => makePlan(tx, schema))
    const names = pending.map(({ name }) => name)
    if (found === null || found.schema === schema) return names
    return [`move the tables from the schema "${found.schema}" to "${schema}"`, ...names]
  } finally {
    clearTimeout(watchdog)
  }
}
