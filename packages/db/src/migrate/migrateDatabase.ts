import { sql } from "drizzle-orm"
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator"
import type { Database } from "../database.ts"
import { hasCode } from "../driver/causesOf.ts"
import { migrationsFolder } from "../migrationsFolder.ts"
import { DatabaseUnusable } from "./databaseUnusable.ts"
import { checkVisible, findHomeSchema, type HomeSchema } from "./homeSchema.ts"
import { revokeDefaultRights } from "./revokeDefaultRights.ts"
import { appliedMigrations } from "./tables.ts"

/** Any number that nothing else on the database locks: "latchkey" in ASCII. */
const ADVISORY_LOCK = "7809651199139603833"

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

/**
 * Brings the schema up to date, in one transaction. Instances that start concurrently migrate one after the other,
 * under an advisory lock that ends with the transaction. Drizzle's own migrator can't run inside it, since it opens a
 * transaction itself.
 *
 * @throws {DatabaseUnusable} if something else is in the way.
 */
export async function migrateDatabase(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(ADVISORY_LOCK)})`)
    const home = await findHomeSchema(tx)
    const searchPath = await setSearchPath(tx, sql`quote_ident(${home.name})`)
    const applied = await findApplied(tx, home)
    const pending = readMigrationFiles({ migrationsFolder }).filter(
      ({ hash }) => !applied.has(firstHash(hash)),
    )
    for (const migration of pending) await apply(tx, migration, home)
    if (pending.length > 0) await revokeDefaultRights(tx)
    await setSearchPath(tx, sql`${searchPath}`)
    await checkVisible(tx, home)
  })
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
