import { codeBlock, connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { createMigratedDatabase } from "../../test/openTestDatabase.ts"
import { createDatabase } from "../createDatabase.ts"
import { readMigrations } from "./migrations.ts"

const SCRIPT = codeBlock("docs/postgresql.md", "sql", "Indexes of the audit trail")

test.each([
  ["before the upgrade", true],
  ["by the migration", false],
])("the indexes of the trail can be built %s", async (_, isBefore) => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const { migrate, pendingMigrations, close } = await createDatabase(database.url)
  const direct = connect(database.url)
  await direct.unsafe("set search_path = latchkey; drop index audit_trail_by_kind, audit_trail_by_key")
  const name = "0018_filtered_trail"
  const hash = readMigrations().find((migration) => migration.name === name)?.hash ?? ""
  await direct`delete from latchkey_migrations where hash = ${hash}`
  expect(await pendingMigrations()).toEqual([name])
  const indexes = () => direct<{ name: string; oid: number; is_valid: boolean }[]>`
    select c.relname as name, c.oid, i.indisvalid as is_valid from pg_index i
    join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where t.relname like 'audit%' and pg_get_indexdef(c.oid) ~ 'starts_with|owner_id, kind' order by 1`
  if (isBefore) {
    // As psql does with \gexec.
    const [setting = "", query = ""] = SCRIPT.replace("\\gexec", "").split(/;\n/)
    await direct.unsafe(setting)
    for (const row of await direct.unsafe(query)) await direct.unsafe(row.format)
  }
  const built = await indexes()
  expect(built.map((index) => index.name)).toEqual(
    isBefore
      ? ["audit_events_by_key", "audit_events_by_kind", "audit_trail_rest_by_key", "audit_trail_rest_by_kind"]
      : [],
  )

  await migrate()

  expect(await pendingMigrations()).toEqual([])
  const after = await indexes()
  expect(after).toHaveLength(6)
  expect(after.every((index) => index.is_valid)).toBe(true)
  expect(after).toEqual(expect.arrayContaining([...built]))
  await direct.end()
  await close()
})
