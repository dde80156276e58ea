import { randomUUID } from "node:crypto"
import { codeBlock, connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { migrateEarlier } from "../../test/earlierInstallation.ts"
import { openEmpty, start } from "../../test/emptyDatabase.ts"
import { client, newApiKey, newSession, storeUser } from "../../test/openTestDatabase.ts"
import {
  createApiKey,
  createDatabase,
  createSession,
  createUser,
  type Database,
  DatabaseUnusable,
  deleteOldAuditEvents,
  deleteOldLimits,
  deleteOldSessions,
  findLiveSessions,
  findRolesWithRights,
  findVerifiableApiKeys,
  listApiKeys,
  recordReceipt,
  revokeApiKey,
  syncAdmins,
  touchApiKeys,
} from "../index.ts"

/** What the documentation says, for other names: a role that owns the schema, and the role that serves. */
const grantLeast = (owner: string, runtime: string) =>
  codeBlock("docs/postgresql.md", "sql", "Rights")
    .replaceAll(/^create role .*$/gm, "")
    .replaceAll("latchkey_owner", owner)
    .replaceAll("to latchkey;", `to ${runtime};`)

async function openWithTwoRoles() {
  const empty = await openEmpty(inject("postgresUrl"))
  const { admin, name, role } = empty
  const owner = `owner_${randomUUID().replaceAll("-", "")}`
  await admin.unsafe(`create role ${owner} login; revoke all on database ${name} from public`)
  await admin.unsafe(`grant connect on database ${name} to ${owner}, ${role}`)
  await admin.unsafe("revoke all on schema public from public")
  await admin.unsafe(grantLeast(owner, role))
  const url = new URL(empty.url)
  url.username = owner
  return {
    ...empty,
    owner,
    ownerUrl: url.href,
    async [Symbol.asyncDispose]() {
      await admin.unsafe(`drop owned by ${owner} cascade; drop role ${owner}`)
      await empty[Symbol.asyncDispose]()
    },
  }
}

test("minimal rights are enough: one role migrates, and another one serves and can do nothing else", async () => {
  await using database = await openWithTwoRoles()
  const { admin, role, url, ownerUrl } = database
  const runtime = await createDatabase(url)
  await expect(runtime.migrate()).rejects.toThrow(DatabaseUnusable)
  expect(await runtime.pendingMigrations()).toContain("0000_initial")

  await start(ownerUrl, async () => {})

  expect(await runtime.pendingMigrations()).toEqual([])
  await runtime.migrate()
  const { db } = runtime
  const { userId, session, by } = await storeUser(db)
  await storeUser(db)
  await createSession(db, { userId, checkedHash: "hash", session: newSession(), client })
  const apiKey = newApiKey()
  await createApiKey(db, { by, maxKeys: 5, apiKey, client })
  expect(await findVerifiableApiKeys(db, { lookupIds: [apiKey.lookupId] })).toHaveLength(1)
  expect(await findLiveSessions(db, { ids: [session.id] })).toHaveLength(1)
  expect(await listApiKeys(db, { ownerId: userId, limit: 10, after: null })).toHaveLength(1)
  const { id, keyHash, receipt, receiptSecretId } = apiKey
  expect(await recordReceipt(db, { id, ownerId: userId, keyHash, receipt, receiptSecretId })).toBe(true)
  await touchApiKeys(db, { ids: [id] })
  await revokeApiKey(db, { id, by, client })
  await syncAdmins(db, { emails: ["ada@example.com"] })
  for (const deleteOld of [deleteOldAuditEvents, deleteOldLimits, deleteOldSessions]) {
    await deleteOld(db, { days: 1, limit: 10 })
  }
  await runtime.close()

  const direct = connect(url)
  for (const statement of [
    "create table latchkey.x ()",
    "drop table latchkey.sessions",
    "truncate latchkey.sessions",
    "alter table latchkey.sessions add column x int",
    "create schema x",
    "create table public.x ()",
  ]) {
    await expect(direct.unsafe(statement), statement).rejects.toThrow(/permission denied|must be owner/)
  }
  const rights = await admin`
    select distinct privilege_type as right from information_schema.role_table_grants where grantee = ${role} order by 1`
  expect(rights.map(({ right }) => right)).toEqual(["DELETE", "INSERT", "SELECT", "UPDATE"])
  await direct.end()
})

test("only its owner attaches the triggers' function to a table", async () => {
  await using database = await openWithTwoRoles()
  const { admin, name, owner, role, url, ownerUrl } = database
  await start(ownerUrl, async () => {})
  await admin.unsafe(`create schema theirs authorization ${role}`)
  const direct = connect(url)
  const attach = `create trigger raise after insert on theirs.t execute function latchkey.raise_authority()`
  await direct.unsafe("create table theirs.t (id uuid)")
  await expect(direct.unsafe(attach), `${owner} in ${name}`).rejects.toThrow(/permission denied for function/)
  await direct.end()
})

test("a role that can't migrate is told which role can", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, role, url, adminUrl } = empty
  await start(adminUrl, async () => {})
  await admin.unsafe(`
    grant usage on schema latchkey to ${role};
    grant select, insert, update, delete on all tables in schema latchkey to ${role};
    delete from latchkey.latchkey_migrations where hash = (select max(hash) from latchkey.latchkey_migrations)`)
  const { migrate, pendingMigrations, close } = await createDatabase(url)

  expect(await pendingMigrations()).toHaveLength(1)
  await expect(migrate()).rejects.toThrow(
    'migrations are pending, and the tables in the schema "latchkey" belong to the role "postgres"; migrate as that role',
  )
  await close()
})

test.each(["new", "moved"])(
  "in a %s installation, default privileges of others are revoked; explicit grants stay and are reported",
  async (age) => {
    await using empty = await openEmpty(inject("postgresUrl"))
    const { admin, role, adminUrl } = empty
    await admin.unsafe(`
      alter default privileges in schema public grant all on tables to ${role};
      alter default privileges grant select on tables to public;
      alter default privileges in schema public grant execute on functions to ${role};
      alter default privileges grant execute on functions to ${role};
      alter default privileges grant all on schemas to ${role};
      alter default privileges grant usage on schemas to public`)
    if (age === "moved") await migrateEarlier(admin, "public", "0005")
    const rolesWithRights = (db: Database) => findRolesWithRights(db, undefined)
    const rights = () =>
      admin`
        select table_name, grantee from information_schema.role_table_grants
        where table_schema in ('latchkey', 'public') and grantee in (${role}, 'PUBLIC')`
    const hasUsage = async () => {
      const [row] = await admin`select has_schema_privilege(${role}, 'latchkey', 'usage') as usage`
      return row?.usage
    }
    const executors = () =>
      admin`
        select grantee from information_schema.role_routine_grants
        where routine_name = 'raise_authority' and grantee in (${role}, 'PUBLIC')`

    expect(await start(adminUrl, rolesWithRights)).toEqual([])
    expect(await rights()).toEqual([])
    expect(await executors()).toEqual([])
    expect(await hasUsage()).toBe(false)

    await admin.unsafe(`
      grant select (id) on latchkey.sessions to ${role};
      grant select on latchkey.api_keys to public`)
    expect(await start(adminUrl, rolesWithRights)).toEqual(["PUBLIC", role].sort())
    expect(await rights()).toEqual([{ table_name: "api_keys", grantee: "PUBLIC" }])
    await admin.unsafe(`
      alter default privileges in schema public revoke all on tables from ${role};
      alter default privileges revoke select on tables from public;
      alter default privileges in schema public revoke execute on functions from ${role};
      alter default privileges revoke execute on functions from ${role};
      alter default privileges revoke all on schemas from ${role};
      alter default privileges revoke usage on schemas from public`)
  },
)

test("roles that may create functions in the schema are reported, because Latchkey would run them", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, role, url, adminUrl } = empty
  // The default before PostgreSQL 15.
  await admin.unsafe("grant create on schema public to public")
  const reported = (at: string) => start(at, (db) => findRolesWithRights(db, undefined), { schema: "public" })
  expect(await reported(url)).toEqual(["PUBLIC (may create functions in the schema)"])

  await admin.unsafe(`revoke create on schema public from public; grant create on schema public to ${role}`)
  expect(await reported(url)).toEqual([])
  await admin.unsafe(
    `reassign owned by ${role} to current_user; grant all on all tables in schema public to ${role}`,
  )
  expect(await reported(adminUrl)).toEqual([role, `${role} (may create functions in the schema)`])
})

test("a separate role that migrates moves an earlier installation if it owns the tables", async () => {
  await using database = await openWithTwoRoles()
  const { admin, owner, role, url, ownerUrl } = database
  await migrateEarlier(admin)
  await admin.unsafe(`
    grant usage on schema public to ${role}; grant usage, create on schema public to ${owner};
    grant select, insert, update, delete on all tables in schema public to ${role}`)
  for (const table of [
    "users",
    "sessions",
    "api_keys",
    "audit_events",
    "rate_limits",
    "latchkey_migrations",
  ]) {
    await admin.unsafe(`alter table public.${table} owner to ${owner}`)
  }

  await start(ownerUrl, async () => {})

  const { user } = await start(url, storeUser)
  expect(
    await start(url, (db) => createUser(db, { ...user, passwordHash: "x", session: newSession(), client })),
  ).toBe(null)
})
