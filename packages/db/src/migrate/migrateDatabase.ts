import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "drizzle-orm"
import type { Database, MigrateOptions } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { carryOut } from "./carryOut.ts"
import { nextOf } from "./migrations.ts"
import { isCurrent, makePlan } from "./plan.ts"

/** A number that nothing else on the database locks: "latchkey" in ASCII. All versions use the same number. */
export const ADVISORY_LOCK = "7809651199139603833"

/** SQLSTATEs of a lock that was not free within `lock_timeout`, and of two transactions that waited for each other. */
const NO_LOCK = /^(55P03|40P01)$/

/** Milliseconds between two attempts, during which queries that have queued behind the first one can run. */
const PAUSE_MS = 1_000

/** Milliseconds that a transaction may take apart from migrations, which includes one wait for a lock. */
const SILENCE_MS = 5_000

/**
 * Moves the tables of an earlier installation to their schema and brings them up to date, in one transaction, or in
 * several if a migration has to run alone. Instances that start concurrently take turns, under an advisory lock that
 * ends with the transaction. Drizzle's own migrator can't run inside it, since it opens a transaction itself.
 *
 * Waits for locks as long as it takes, but in short attempts: PostgreSQL does not notice that an instance is gone
 * while its session waits, and queries of other instances queue behind a waiting migration.
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
      const isDone = await db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(ADVISORY_LOCK)})`)
        hasTurn = true
        const plan = await makePlan(tx, schema)
        if (isCurrent(plan)) return true
        // Migrations may take any time.
        clearTimeout(watchdog)
        const pending = nextOf(plan.pending)
        await carryOut(tx, { ...plan, pending })
        return pending.length === plan.pending.length
      })
      if (isDone) return
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
 * The steps that `migrateDatabase` would take, one line each.
 *
 * @param onSilence called when the database does not answer; ends the connection.
 * @throws {DatabaseUnusable} as `migrateDatabase` does.
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
