import type { Sql } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { migrateEarlier } from "../../test/earlierInstallation.ts"
import { openEmpty, start } from "../../test/emptyDatabase.ts"
import { DatabaseUnusable } from "../index.ts"

const nothing = async () => {}

interface Obstacle {
  /** Makes the obstacle, as the superuser. */
  set: (place: { admin: Sql; role: string; name: string }) => Promise<unknown>
  query?: string
  sentence: string
}

test.each<[string, Obstacle]>([
  [
    "tables in both places",
    {
      set: async ({ admin, role }) => {
        await admin.unsafe(`create schema latchkey authorization ${role}`)
        await admin.unsafe(`set role ${role}`)
        await migrateEarlier(admin, "latchkey")
        await migrateEarlier(admin)
      },
      sentence:
        'Latchkey has tables in the schemas "latchkey" and "public"; to use the first, add the parameter options=-csearch_path%3Dlatchkey',
    },
  ],
  [
    "two earlier installations",
    {
      set: async ({ admin, role }) => {
        await admin.unsafe(`create schema app authorization ${role}; set role ${role}`)
        await migrateEarlier(admin, "app")
        await migrateEarlier(admin)
      },
      query: "?options=-csearch_path%3Dapp,public",
      sentence: 'Latchkey has tables in the schemas "app" and "public"; to use the first, add',
    },
  ],
  [
    "an installation that is not on the search path",
    {
      set: async ({ admin, role }) => {
        await admin.unsafe(`set role ${role}`)
        await migrateEarlier(admin)
      },
      query: "?options=-csearch_path%3Dapp",
      sentence:
        'the tables are in the schema "public", which is not on the search path; add the parameter options=-csearch_path%3Dpublic',
    },
  ],
  [
    "no right to create the schema",
    {
      set: async ({ admin, role, name }) => {
        await admin.unsafe(`set role ${role}`)
        await migrateEarlier(admin)
        await admin.unsafe(`reset role; revoke create on database ${name} from ${role}`)
      },
      sentence:
        'this role may not create the schema "latchkey"; as the database\'s owner, run: create schema',
    },
  ],
  [
    "a schema of somebody else",
    {
      set: ({ admin }) => admin.unsafe("create schema latchkey"),
      sentence:
        'the schema "latchkey" belongs to the role "postgres", and this role may not create tables in it; run "latchkey migrate" as that role, or if this one is to own the tables, run as that role: grant usage, create',
    },
  ],
  [
    "tables of somebody else",
    {
      set: async ({ admin, role }) => {
        await migrateEarlier(admin)
        await admin.unsafe(`grant select on all tables in schema public to ${role}`)
      },
      sentence: 'the tables in the schema "public" belong to the role "postgres"; migrate as that role',
    },
  ],
  [
    "one table of somebody else",
    {
      set: async ({ admin, role }) => {
        await admin.unsafe(`set role ${role}`)
        await migrateEarlier(admin)
        await admin.unsafe("reset role; alter table public.api_keys owner to postgres")
      },
      sentence:
        'the table "api_keys" in the schema "public" belongs to the role "postgres"; migrate as that role',
    },
  ],
  [
    "no right to leave views behind",
    {
      set: async ({ admin, role }) => {
        await admin.unsafe(`set role ${role}`)
        await migrateEarlier(admin)
        await admin.unsafe(`reset role; revoke create on schema public from ${role}`)
      },
      sentence: 'this role may not create views in the schema "public"',
    },
  ],
  [
    "another product's table of the same name",
    {
      set: async ({ admin, role }) => {
        await admin.unsafe(`create schema latchkey authorization ${role}; set role ${role}`)
        await admin.unsafe("create table latchkey.sessions (id int)")
        await migrateEarlier(admin)
      },
      sentence: '"sessions" in the schema "latchkey" belongs to another product; name another schema',
    },
  ],
])("%s: one sentence, and nothing changes", async (_, { set, query = "", sentence }) => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, name, role, url } = empty
  await admin.unsafe(`grant create on database ${name} to ${role}; grant create on schema public to ${role}`)
  await set({ admin, role, name })
  await admin.unsafe("reset role")
  const relations = () => admin`
    select n.nspname, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'latchkey', 'app') order by 1, 2`
  const before = await relations()

  const started = start(`${url}${query}`, nothing)

  await expect(started).rejects.toThrow(DatabaseUnusable)
  await expect(started).rejects.toThrow(sentence)
  await expect(started).rejects.not.toThrow(/\n/)
  expect(await relations()).toEqual(before)
})
