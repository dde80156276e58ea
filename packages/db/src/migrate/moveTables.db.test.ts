import { randomUUID } from "node:crypto"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { PGlite } from "@electric-sql/pglite"
import { connect, gate, type Sql } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { earlierMigrations, migrateEarlier, schemasOf, storeEarlier } from "../../test/earlierInstallation.ts"
import { openEmpty, start } from "../../test/emptyDatabase.ts"
import { newEmbeddedFolder, newUser } from "../../test/openTestDatabase.ts"
import {
  createDatabase,
  createUser,
  findLiveSessions,
  findUserByEmail,
  findVerifiableApiKeys,
  listApiKeys,
} from "../index.ts"

const MOVED = ["api_keys", "audit_events", "rate_limits", "sessions"]

const nothing = async () => {}

const countRows = async (admin: Sql, schema: string) =>
  Object.fromEntries(
    await Promise.all(
      MOVED.map(async (table) => {
        const [row] = await admin.unsafe(`select count(*)::int as n from ${schema}.${table}`)
        return [table, row?.n as number]
      }),
    ),
  )

test.each([
  ["of the first release", "0005"],
  ["of the last version before the move", "0006"],
])("an installation %s moves with all of its rows", async (_, last) => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await migrateEarlier(admin, "public", last)
  const stored = await Promise.all(Array.from({ length: 3 }, () => storeEarlier(admin)))
  const before = await countRows(admin, "public")
  const { pendingMigrations, close } = await createDatabase(adminUrl)
  expect(await pendingMigrations()).toContain('move the tables from the schema "public" to "latchkey"')
  await close()

  await start(adminUrl, async (db) => {
    for (const { user, session, apiKey } of stored) {
      expect(await findUserByEmail(db, user)).not.toBeNull()
      expect(await findLiveSessions(db, { ids: [session.id] })).toHaveLength(1)
      const owner = { id: user.id, issuer: "latchkey", subject: user.id, email: user.email }
      expect(await findVerifiableApiKeys(db, { lookupIds: [apiKey.lookupId] })).toMatchObject([
        { id: apiKey.id, owner, scopes: null, checks: [] },
      ])
      expect(await listApiKeys(db, { ownerId: user.id, limit: 2, after: null })).toMatchObject([
        { id: apiKey.id, createdBy: user.id },
      ])
    }
    expect(await createUser(db, newUser())).not.toBeNull()
  })

  expect(before).toMatchObject({ api_keys: 3, sessions: 3 })
  expect(await countRows(admin, "latchkey")).toEqual({
    ...before,
    audit_events: Number(before.audit_events) + 1,
    sessions: Number(before.sessions) + 1,
  })
  for (const table of MOVED) expect(await schemasOf(admin, table)).toEqual(["latchkey"])
  // Again, when there is nothing left to move.
  expect(await start(adminUrl, (db) => findUserByEmail(db, stored[0]?.user ?? newUser()))).not.toBeNull()
})

test.each([
  ["of the role's name", (role: string) => role, () => ""],
  ["that the URL names", () => "app", () => "?options=-csearch_path%3Dapp"],
  ["of Prisma's parameter", () => "app", () => "?schema=app"],
])("an installation in a schema %s moves", async (_, schemaOf, query) => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, name, role, url } = empty
  const schema = schemaOf(role)
  await admin.unsafe(
    `grant create on database ${name} to ${role}; create schema ${schema} authorization ${role}`,
  )
  await migrateEarlier(connect(url), schema)
  const { user } = await storeEarlier(admin, schema)

  expect(await start(`${url}${query()}`, (db) => findUserByEmail(db, user))).not.toBeNull()

  expect(await schemasOf(admin, "sessions")).toEqual(["latchkey"])
})

test("an installation stays in its schema if that is the configured one", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await migrateEarlier(admin)
  const { user } = await storeEarlier(admin)

  const found = await start(adminUrl, (db) => findUserByEmail(db, user), { schema: "public" })

  expect(found).not.toBeNull()
  expect(await schemasOf(admin, "sessions")).toEqual(["public"])
  expect(await admin`select from pg_namespace where nspname = 'latchkey'`).toEqual([])
})

test("an installation in the embedded database moves", async () => {
  const folder = await newEmbeddedFolder()
  const earlier = await PGlite.create({ dataDir: join(folder, "db") })
  await earlier.exec(await earlierMigrations())
  await earlier.exec("insert into users (email, password_hash) values ('ada@example.com', 'hash')")
  await earlier.close()
  const url = pathToFileURL(folder).href

  const find = () => start(url, (db) => findUserByEmail(db, { email: "ada@example.com" }))

  expect(await find()).not.toBeNull()
  expect(await find()).not.toBeNull()
  await rm(folder, { recursive: true })
})

test("ten instances move one installation at once, while its own instances write", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await migrateEarlier(admin)
  const { user } = await storeEarlier(admin)
  const earlier = connect(adminUrl)
  const begun = gate()
  // The order in which revoking a key locks tables: the other way around than the move.
  const write = earlier.begin(async (sql) => {
    await sql`update public.api_keys set label = 'renamed'`
    begun.open()
    await expect
      .poll(async () => (await admin`select from pg_locks where not granted`).length)
      .toBeGreaterThan(0)
    await sql`
      insert into public.audit_events (user_id, kind, via, request_id)
      values (${user.id}, 'apiKeyRevoked', 'session', 'late')`
  })
  await begun.opened

  const instances = Array.from({ length: 10 }, () => start(adminUrl, (db) => findUserByEmail(db, user)))
  const [written] = await Promise.allSettled([write])
  for (const found of await Promise.all(instances)) expect(found).not.toBeNull()

  const rows = await admin`select from latchkey.audit_events where request_id = 'late'`
  expect(rows).toHaveLength(written.status === "fulfilled" ? 1 : 0)
  await earlier.end()
})

test("rights that an operator has granted on the tables stay, and include the right to use the schema", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, role, url, adminUrl } = empty
  await migrateEarlier(admin)
  await storeEarlier(admin)
  await admin.unsafe(`grant select, insert, update, delete on all tables in schema public to ${role}`)

  await start(adminUrl, nothing)

  expect(await start(url, (db) => createUser(db, newUser()))).not.toBeNull()
})

test("another product's tables, with names that the earlier version did not use yet, stay", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await migrateEarlier(admin, "public", "0001")
  await admin.unsafe("create table public.audit_events (id int)")
  const id = randomUUID()
  await admin`insert into public.users (id, email, password_hash) values (${id}, 'ada@example.com', 'hash')`

  expect(await start(adminUrl, (db) => findUserByEmail(db, { email: "ada@example.com" }))).not.toBeNull()

  expect(await schemasOf(admin, "audit_events")).toEqual(["latchkey", "public"])
})
