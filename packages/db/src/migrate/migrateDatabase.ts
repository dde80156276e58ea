import { sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { quoteIdentifier } from "../schemaName.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"
import {
  createTombstones,
  type EarlierTable,
  grantUsage,
  lockEarlierTables,
  moveTables,
} from "./earlierTables.ts"
import { type FoundTables, findHome } from "./findHome.ts"
import { type Migration, readMigrations, tablesOf } from "./migrations.ts"
import { prepareSchema } from "./prepareSchema.ts"
import { revokeDefaultRights } from "./revokeDefaultRights.ts"
import { appliedMigrations } from "./tables.ts"

/** Any number that nothing else on the database locks: "latchkey" in ASCII. The same in all versions. */
const ADVISORY_LOCK = "7809651199139603833"

/** SQLSTATE of two transactions that wait for each other, of which PostgreSQL ended this one. */
const DEADLOCK = /^40P01$/

const MAX_ATTEMPTS = 10

/** What is to be done before the tables are those of this version. */
interface Plan {
  schema: string
  found: FoundTables | null
  applied: Migration[]
  pending: Migration[]
}

/**
 * Moves the tables of an earlier installation to their schema and brings them up to date, in one transaction. Instances
 * that start concurrently migrate one after the other, under an advisory lock that ends with the transaction. Drizzle's
 * own migrator can't run inside it, since it opens a transaction itself.
 *
 * @throws {DatabaseUnusable} if something else is in the way.
 */
export async function migrateDatabase(db: Database, schema: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(ADVISORY_LOCK)})`)
        const plan = await makePlan(tx, schema)
        if (!isCurrent(plan)) await carryOut(tx, plan)
      })
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !hasCode(error, DEADLOCK)) throw error
    }
  }
}

/**
 * What `migrateDatabase` would do, a line for each step.
 *
 * @throws {DatabaseUnusable} as that would.
 */
export const findPending = (db: Database, schema: string): Promise<string[]> =>
  db.transaction(async (tx) => {
    const { found, pending } = await makePlan(tx, schema)
    const names = pending.map(({ name }) => name)
    if (found === null || found.schema === schema) return names
    return [`move the tables from the schema "${found.schema}" to "${schema}"`, ...names]
  })

async function makePlan(tx: Database, schema: string): Promise<Plan> {
  const { found } = await findHome(tx, schema)
  const migrations = readMigrations()
  if (!found) return { schema, found, applied: [], pending: migrations }
  await setSearchPath(tx, found.schema)
  const hashes = new Set((await tx.select().from(appliedMigrations)).map(({ hash }) => hash))
  return {
    schema,
    found,
    applied: migrations.filter(({ hash }) => hashes.has(hash)),
    pending: migrations.filter(({ hash }) => !hashes.has(hash)),
  }
}

const isCurrent = ({ schema, found, pending }: Plan) => found?.schema === schema && pending.length === 0

async function carryOut(tx: Database, { schema, found, applied, pending }: Plan): Promise<void> {
  if (found && !found.isOwned) {
    throw new DatabaseUnusable(
      `migrations are pending, and the tables in the schema "${found.schema}" belong to the role "${found.owner}"; ` +
        "migrate as that role",
    )
  }
  if (found?.schema !== schema) await prepareSchema(tx, schema)
  let earlier: EarlierTable[] = []
  if (found?.isEarlier) {
    const names = ["latchkey_migrations", ...tablesOf(applied)]
    earlier = await lockEarlierTables(tx, { schema: found.schema, names })
    if (found.schema !== schema) await moveTables(tx, { from: found.schema, to: schema, tables: earlier })
  }
  await setSearchPath(tx, schema)
  if (!found) await createAppliedMigrations(tx)
  for (const migration of pending) await apply(tx, migration, schema)
  await revokeDefaultRights(tx, found?.isEarlier ? found.schema : undefined)
  if (!found?.isEarlier) return
  if (found.schema !== schema) await grantUsage(tx, { schema, tables: earlier })
  await createTombstones(tx, { schema: found.schema, movedTo: schema, tables: earlier })
}

/** For the rest of the transaction. */
async function setSearchPath(tx: Database, schema: string): Promise<void> {
  await tx.execute(sql`select set_config('search_path', ${quoteIdentifier(schema)}, true)`)
}

async function createAppliedMigrations(tx: Database): Promise<void> {
  await tx.execute(sql`
    create table ${appliedMigrations} (
      hash text primary key,
      applied_at timestamp with time zone not null default now()
    )`)
}

async function apply(tx: Database, { statements, hash }: Migration, schema: string): Promise<void> {
  for (const statement of statements) {
    try {
      await tx.execute(sql.raw(statement))
    } catch (error) {
      throw inTheWay(error, statement, schema) ?? error
    }
  }
  await tx.insert(appliedMigrations).values({ hash })
}

/** SQLSTATEs: a table or an index, or a type, exists. */
const EXISTS = /^(42P07|42710)$/

function inTheWay(error: unknown, statement: string, schema: string): DatabaseUnusable | undefined {
  const name = /^\s*CREATE (?:TABLE|(?:UNIQUE )?INDEX) "([^"]+)"/i.exec(statement)?.[1]
  if (name === undefined || !hasCode(error, EXISTS)) return undefined
  return new DatabaseUnusable(
    `"${name}" in the schema "${schema}" belongs to another product; name another schema`,
    { cause: error },
  )
}
