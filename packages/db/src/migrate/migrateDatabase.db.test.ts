import { createHash, randomUUID } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { connect, createTcpProxy, createTestDatabase, type Sql } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { newUser } from "../../test/openTestDatabase.ts"
import {
  createDatabase,
  createUser,
  DatabaseUnusable,
  findRolesWithRights,
  findUserByEmail,
} from "../index.ts"

const migrations = new URL("../../migrations/", import.meta.url)

/** Opens an empty database, with a new role that may connect to it. */
async function openEmpty() {
  const server = await createTestDatabase(inject("postgresUrl"))
  const admin = connect(server.url)
  const role = `role_${randomUUID().replaceAll("-", "")}`
  await admin.unsafe(`create role ${role} login`)
  const url = new URL(server.url)
  url.username = role
  return {
    admin,
    role,
    /** Connects as the role. */
    url: url.href,
    /** Connects as the superuser. */
    adminUrl: server.url,
    async [Symbol.asyncDispose]() {
      await admin.unsafe(`drop owned by ${role} cascade`)
      await admin.unsafe(`drop role ${role}`)
      await admin.end()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Migrates, and runs `use` on the migrated database. */
async function start<Result>(
  url: string,
  use: (db: Awaited<ReturnType<typeof createDatabase>>["db"]) => Promise<Result>,
) {
  const { db, migrate, close } = await createDatabase(url)
  try {
    await migrate()
    return await use(db)
  } finally {
    await close()
  }
}

/** Migrates as the first release did, whose migrations named the schema "public". */
async function migrateAsReleased(connection: Sql) {
  await connection.unsafe(
    "create table latchkey_migrations (hash text primary key, applied_at timestamptz default now())",
  )
  for (const file of (await readdir(migrations)).filter((name) => /^000[0-5].*\.sql$/.test(name)).sort()) {
    const text = (await readFile(new URL(file, migrations), "utf8")).replaceAll(
      'REFERENCES "users"',
      'REFERENCES "public"."users"',
    )
    await connection.unsafe(text)
    const hash = createHash("sha256").update(text).digest("hex")
    await connection`insert into latchkey_migrations (hash) values (${hash})`
  }
}

const schemasOf = async (connection: Sql, table: string) =>
  (await connection`select schemaname from pg_tables where tablename = ${table} order by 1`).map(
    ({ schemaname }) => schemaname,
  )

test("ten instances migrate an empty database at once", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const databases = await Promise.all(Array.from({ length: 10 }, () => createDatabase(server.url)))

  await Promise.all(databases.map((database) => database.migrate()))

  const applied = await databases[0]?.db.execute(sql`select count(*)::int as n from latchkey_migrations`)
  const files = await readdir(migrations)
  expect(applied).toEqual([{ n: files.filter((file) => file.endsWith(".sql")).length }])
  await Promise.all(databases.map((database) => database.close()))
})

test('a role can use its own schema when there is no schema "public"', async () => {
  await using empty = await openEmpty()
  const { admin, role, url } = empty
  await admin.unsafe(`drop schema public; create schema authorization ${role}`)
  const user = newUser()

  await start(url, (db) => createUser(db, user))

  expect(await start(url, (db) => findUserByEmail(db, user))).not.toBeNull()
  expect(await schemasOf(admin, "users")).toEqual([role])
})

test("foreign keys refer to our own tables beside another product's in public", async () => {
  await using empty = await openEmpty()
  const { admin, role, url } = empty
  await admin.unsafe(`create table public.users (id uuid primary key); create schema authorization ${role}`)

  expect(await start(url, (db) => createUser(db, newUser()))).not.toBeNull()
})

test("another product's table is reported by its name, and nothing changes", async () => {
  await using empty = await openEmpty()
  const { admin, adminUrl } = empty
  await admin.unsafe("create table users (id int)")

  const started = start(adminUrl, async () => {})

  await expect(started).rejects.toThrow(DatabaseUnusable)
  await expect(started).rejects.toThrow(/^"users" in the schema "public" belongs to another product; /)
  expect(await admin`select tablename from pg_tables where schemaname = 'public'`).toEqual([
    { tablename: "users" },
  ])
})

test("upgrades a database of the first release and keeps its users", async () => {
  await using empty = await openEmpty()
  const { admin, adminUrl } = empty
  await migrateAsReleased(admin)
  await admin`insert into users (email, password_hash) values ('ada@example.com', 'hash')`

  expect(await start(adminUrl, (db) => findUserByEmail(db, { email: "ada@example.com" }))).not.toBeNull()
  const [row] = await admin`select count(*)::int as n from latchkey_migrations`
  const files = await readdir(migrations)
  expect(row?.n).toBe(files.filter((file) => file.endsWith(".sql")).length)
})

test("refuses a search path without the tables instead of creating a second set", async () => {
  await using empty = await openEmpty()
  const { admin, adminUrl } = empty
  await migrateAsReleased(admin)
  await admin.unsafe("create schema app")
  const url = `${adminUrl}?options=-csearch_path%3Dapp`

  await expect(start(url, async () => {})).rejects.toThrow(
    'the tables are in the schema "public", which is not on the search path; add the parameter options=-csearch_path%3Dpublic',
  )
  expect(await schemasOf(admin, "users")).toEqual(["public"])

  // An earlier schema on the search path, such as one with the role's name, changes nothing.
  expect(
    await start(`${adminUrl}?options=-csearch_path%3Dapp,public`, (db) => createUser(db, newUser())),
  ).not.toBeNull()
  expect(await schemasOf(admin, "users")).toEqual(["public"])
})

test("another product's table that hides ours is reported by its name", async () => {
  await using empty = await openEmpty()
  const { admin, adminUrl } = empty
  await migrateAsReleased(admin)
  await admin.unsafe("create schema app; create table app.users (id int)")

  await expect(start(`${adminUrl}?options=-csearch_path%3Dapp,public`, async () => {})).rejects.toThrow(
    'the table "users" in the schema "app" hides the one in "public"; add the parameter options=-csearch_path%3Dpublic',
  )
})

test("two roles with their own schemas are separate installations", async () => {
  await using one = await openEmpty()
  const { admin, role, url } = one
  await migrateAsReleased(admin)
  await admin.unsafe(`create schema authorization ${role}`)

  await start(url, (db) => createUser(db, newUser()))

  expect((await schemasOf(admin, "users")).sort()).toEqual(["public", role].sort())
  expect(await admin`select id from public.users`).toEqual([])
})

test("a role that can't create tables can use a migrated database", async () => {
  await using empty = await openEmpty()
  const { admin, role, url, adminUrl } = empty
  await start(adminUrl, async () => {})
  await admin.unsafe(`grant select, insert, update, delete on all tables in schema public to ${role}`)

  expect(await start(url, (db) => createUser(db, newUser()))).not.toBeNull()
})

test.each(["new", "first-release"])(
  "in a %s database, default privileges on the tables are revoked; explicit grants stay and are reported",
  async (age) => {
    await using empty = await openEmpty()
    const { admin, role, adminUrl } = empty
    await admin.unsafe(`alter default privileges in schema public grant all on tables to ${role}`)
    await admin.unsafe("alter default privileges grant select on tables to public")
    if (age !== "new") await migrateAsReleased(admin)
    const rights = () =>
      admin`
        select table_name, grantee from information_schema.role_table_grants
        where table_schema = 'public' and grantee in (${role}, 'PUBLIC')`

    expect(await start(adminUrl, (db) => findRolesWithRights(db, undefined))).toEqual([])
    expect(await rights()).toEqual([])

    await admin.unsafe(`grant select (email) on users to ${role}; grant select on api_keys to public`)
    expect(await start(adminUrl, (db) => findRolesWithRights(db, undefined))).toEqual(["PUBLIC", role].sort())
    expect(await rights()).toEqual([{ table_name: "api_keys", grantee: "PUBLIC" }])
    await admin.unsafe(`alter default privileges in schema public revoke all on tables from ${role}`)
    await admin.unsafe("alter default privileges revoke select on tables from public")
  },
)

test("an instance that loses its connection during a migration does not block the others", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using proxy = await createTcpProxy(new URL(database.url))
  const admin = connect(database.url)
  const first = await createDatabase(proxy.url)
  const isInside = async () => {
    const [row] =
      await admin`select exists (select from pg_locks where locktype = 'advisory' and granted) as inside`
    return row?.inside
  }
  const isHeld = proxy.hold("server")
  const interrupted = first.migrate().catch(() => "failed")
  await isHeld
  // Passes on one piece at a time, until the instance has the lock.
  for (let piece = 0; piece < 100 && !(await isInside()); piece++) {
    proxy.release()
    await proxy.hold("server")
  }
  expect(await isInside()).toBe(true)

  const second = await createDatabase(database.url)
  await second.migrate()
  expect(await interrupted).toBe("failed")
  await Promise.all([first.close(), second.close(), admin.end()])
}, 60_000)
