import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "drizzle-orm"
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator"
import type { Database, MigrateOptions } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { migrationsFolder } from "../migrationsFolder.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"
import { checkVisible, findHomeSchema, type HomeSchema } from "./homeSchema.ts"
import { revokeDefaultRights } from "./revokeDefaultRights.ts"
import { appliedMigrations } from "./tables.ts"

/** Any number that nothing else on the database locks: "latchkey" in ASCII. */
export const ADVISORY_LOCK = "7809651199139603833"

/**
 * The hashes under which migrations are recorded whose files have changed since their release. They named the schema
 * "public"; what they do in it is the same.
 */
const FIRST_HASHES: Readonly<Record<string, string>> = {
  f521a03ee7de062911711b157d7edc23a2aa96d687021d6b77636e692a13877f:
    "48f3f85f00a8a51e9a3bfd600c698bb9d42f9d7b1bdec299f9ef2b562f204637",
  c46c3e4ee87dcac52c87b5050592892c3cde682579eaf8b3c2ab6075f21e74e2:
    "3aa084e0766c596d0415068e382802959c5c867f6ba57d925a026a7e3c82aa79",
}

/** SQLSTATE of a lock that was not free within `lock_timeout`. */
const LOCK_TIMEOUT = /^55P03$/

/** Milliseconds between two attempts, in which the queries that have queued behind the first can run. */
const PAUSE_MS = 1_000

/** Milliseconds that a transaction may take apart from migrations, which includes one wait for a lock. */
const SILENCE_MS = 5_000

/**
 * Brings the schema up to date, in one transaction. Instances that start together take turns under an advisory
 * lock that ends with the transaction; Drizzle's own migrator opens a transaction of its own and can't run inside the
 * one that holds the lock.
 *
 * It waits for locks as long as it takes, in short attempts: PostgreSQL does not notice that an instance is gone while
 * its session waits, and queries of other instances queue behind a waiting migration.
 *
 * @param onSilence called when the database does not answer; ends the connection.
 * @throws {DatabaseUnusable} when something else is in the way.
 */
export async function migrateDatabase(
  db: Database,
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
        await migrateInTurn(tx, () => clearTimeout(watchdog))
      })
    } catch (error) {
      if (!hasCode(error, LOCK_TIMEOUT)) throw error
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

/** @param onPending called before migrations run, which may take any time. */
async function migrateInTurn(tx: Database, onPending: () => void): Promise<void> {
  const home = await findHomeSchema(tx)
  const searchPath = await setSearchPath(tx, sql`quote_ident(${home.name})`)
  const applied = await findApplied(tx, home)
  const pending = readMigrationFiles({ migrationsFolder }).filter(({ hash }) => !applied.has(firstHash(hash)))
  if (pending.length > 0) onPending()
  for (const migration of pending) await apply(tx, migration, home)
  if (pending.length > 0) await revokeDefaultRights(tx)
  await setSearchPath(tx, sql`${searchPath}`)
  await checkVisible(tx, home)
}

const firstHash = (hash: string) => FIRST_HASHES[hash] ?? hash

/** For the rest of the transaction. Returns the one before. */
async function setSearchPath(tx: Database, value: ReturnType<typeof sql>): Promise<string> {
  const [row] = await tx
    .select({ before: sql<string>`before.path`, now: sql`set_config('search_path', ${value}, true)` })
    .from(sql`(select current_setting('search_path') as path offset 0) before`)
  return row?.before ?? ""
}

async function findApplied(tx: Database, { hasTables }: HomeSchema): Promise<Set<string>> {
  // Not "if not exists": that takes the right to create tables even where there is nothing to create.
  if (!hasTables) {
    await tx.execute(sql`
      create table ${appliedMigrations} (
        hash text primary key,
        applied_at timestamp with time zone not null default now()
      )`)
  }
  return new Set((await tx.select().from(appliedMigrations)).map(({ hash }) => hash))
}

async function apply(tx: Database, { sql: statements, hash }: MigrationMeta, home: HomeSchema) {
  for (const statement of statements) {
    try {
      await tx.execute(sql.raw(statement))
    } catch (error) {
      throw inTheWay(error, statement, home) ?? error
    }
  }
  await tx.insert(appliedMigrations).values({ hash: firstHash(hash) })
}

/** SQLSTATEs: a table or an index, or a type, exists. */
const EXISTS = /^(42P07|42710)$/

function inTheWay(
  error: unknown,
  statement: string,
  { name: schema }: HomeSchema,
): DatabaseUnusable | undefined {
  const name = /^\s*CREATE (?:TABLE|(?:UNIQUE )?INDEX) "([^"]+)"/i.exec(statement)?.[1]
  if (name === undefined || !hasCode(error, EXISTS)) return undefined
  return new DatabaseUnusable(
    `"${name}" in the schema "${schema}" belongs to another product; give Latchkey a database of its own, or a schema ` +
      "that its role has first on the search path",
    { cause: error },
  )
}
