import { codeBlock, connect, type Sql } from "@latchkey/test-postgres"
import { afterEach, beforeEach, expect, inject, test } from "vitest"
import { createMigratedDatabase } from "../../test/openTestDatabase.ts"
import { createDatabase } from "../createDatabase.ts"
import type { DatabaseHandle } from "../database.ts"
import { readMigrations } from "./migrations.ts"

const FOR_KEYS =
  "create index concurrently if not exists api_keys_active_by_expiry on api_keys " +
  "(owner_id, (coalesce(expires_at, 'infinity'))) where revoked_at is null"

let database: Awaited<ReturnType<typeof createMigratedDatabase>>
let handle: DatabaseHandle
let sql: Sql
beforeEach(async () => {
  database = await createMigratedDatabase(inject("postgresUrl"))
  handle = await createDatabase(database.url)
  sql = connect(database.url)
})
afterEach(async () => {
  await Promise.all([handle.close(), sql.end()])
  await database[Symbol.asyncDispose]()
})

async function undo(name: string, indexes: string) {
  const hash = readMigrations().find((migration) => migration.name === name)?.hash ?? ""
  await sql.unsafe(`drop index ${indexes}`)
  await sql`delete from latchkey_migrations where hash = ${hash}`
}

/** Starts to build an index concurrently, and gives up while another transaction is using the table. */
async function failToBuild(statement: string, table: string) {
  const other = connect(database.url)
  await using _ = { [Symbol.asyncDispose]: () => other.end() }
  await other.begin(async (transaction) => {
    await transaction.unsafe(`lock table ${table} in row exclusive mode`)
    await sql`set lock_timeout = '50ms'`
    await expect(sql.unsafe(statement)).rejects.toMatchObject({ code: "55P03" })
  })
  await sql`reset lock_timeout`
}

const invalidIndexes = async () =>
  (await sql`select indexrelid::regclass::text as name from pg_index where not indisvalid`).map(
    ({ name }) => name,
  )

test("a migration replaces the invalid index that a failed concurrent build has left behind", async () => {
  await undo("0020_active_by_expiry", "api_keys_active_by_expiry")
  await failToBuild(FOR_KEYS, "api_keys")
  expect(await invalidIndexes()).toEqual(["api_keys_active_by_expiry"])

  await handle.migrate()

  expect(await handle.pendingMigrations()).toEqual([])
  expect(await invalidIndexes()).toEqual([])
  expect(await sql`select from pg_indexes where indexname = 'api_keys_active_by_expiry'`).toHaveLength(1)
})

test("so does a migration of a table with partitions, of which one has an invalid index", async () => {
  await undo("0018_filtered_trail", "audit_trail_by_kind, audit_trail_by_key")
  const script = codeBlock("docs/postgresql.md", "sql", "Indexes of the audit trail")
  const [, query = ""] = script.replace("\\gexec", "").split(/;\n/)
  const statements = (await sql.unsafe(query)).map(({ format }) => String(format))
  const ofRest = statements.filter((statement) => statement.includes(" on audit_trail_rest "))
  expect(ofRest).toHaveLength(2)
  for (const statement of ofRest) await failToBuild(statement, "audit_trail_rest")
  expect(await invalidIndexes()).toHaveLength(2)

  await handle.migrate()

  expect(await handle.pendingMigrations()).toEqual([])
  expect(await invalidIndexes()).toEqual([])
})

test("a migration waits for an index that is being built", async () => {
  await undo("0020_active_by_expiry", "api_keys_active_by_expiry")
  const [other, builder] = [connect(database.url), connect(database.url)]
  const waits: string[] = []
  let migrating: Promise<void> | undefined
  let building: Promise<unknown> | undefined
  await other.begin(async (transaction) => {
    await transaction`lock table api_keys in row exclusive mode`
    building = builder.unsafe(FOR_KEYS).execute()
    await expect.poll(invalidIndexes, { timeout: 60_000 }).toHaveLength(1)
    migrating = handle.migrate({ onWait: (reason) => waits.push(reason) })
    await expect.poll(() => waits, { timeout: 60_000 }).toHaveLength(1)
  })
  await Promise.all([building, migrating])

  expect(await invalidIndexes()).toEqual([])
  expect(await handle.pendingMigrations()).toEqual([])
  await Promise.all([other.end(), builder.end()])
})
