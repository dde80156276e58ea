import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { migrateEarlier } from "../../test/earlierInstallation.ts"
import { openEmpty } from "../../test/emptyDatabase.ts"
import { createDatabase } from "../index.ts"

/** Functions of PostgreSQL that take arguments of any type, with the types with which a plan is made and carried out. */
const SIGNATURES = [
  "array_position(name[], name)",
  "array_position(text[], text)",
  "array_to_json(name[])",
  "hashtextextended(text, integer)",
  "json_build_object(text, name, text, text)",
  "format(text, name, text)",
  "format(text, name, name, text)",
  "format(text, regprocedure, text)",
]

test.each(["no tables", "tables of an earlier version in public"])(
  "no function that another role has created in public is called, with %s at first",
  async (before) => {
    await using empty = await openEmpty(inject("postgresUrl"))
    const { admin, name, role, url } = empty
    await admin.unsafe(`grant create on database ${name} to ${role}`)
    await admin.unsafe(`grant create on schema public to public`)
    if (before !== "no tables") {
      const direct = connect(url)
      await migrateEarlier(direct)
      await direct.end()
    }
    for (const signature of SIGNATURES) {
      await admin.unsafe(`create function public.${signature} returns text language plpgsql as $$
        begin raise exception 'called %', '${signature}'; end $$`)
    }
    const { migrate, pendingMigrations, close } = await createDatabase(url)
    expect(await pendingMigrations()).not.toEqual([])
    await migrate()
    expect(await pendingMigrations()).toEqual([])
    await close()
  },
)

test("tables of another role in public that resemble an earlier version's don't keep a server from starting", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, name, role, url } = empty
  await admin.unsafe(`grant create on database ${name} to ${role}`)
  const { migrate, pendingMigrations, close } = await createDatabase(url)
  await migrate()
  await admin.unsafe(`
    create table public.latchkey_migrations (hash text); create table public.users (id uuid primary key);
    create table public.sessions (user_id uuid references public.users (id));
    grant select on all tables in schema public to public`)
  expect(await pendingMigrations()).toEqual([])
  await close()
})
