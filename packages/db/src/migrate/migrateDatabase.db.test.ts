import { readdir } from "node:fs/promises"
import { connect, createTcpProxy, createTestDatabase } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { renameUsers, schemasOf } from "../../test/earlierInstallation.ts"
import { openEmpty, start } from "../../test/emptyDatabase.ts"
import { newUser } from "../../test/openTestDatabase.ts"
import { codeOf, createDatabase, createUser, DatabaseUnusable, findUserByEmail } from "../index.ts"
import { ADVISORY_LOCK } from "./migrateDatabase.ts"

const migrations = new URL("../../migrations/", import.meta.url)

test("ten instances migrate an empty database at once", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const databases = await Promise.all(Array.from({ length: 10 }, () => createDatabase(server.url)))

  await Promise.all(databases.map((database) => database.migrate()))

  const applied = await databases[0]?.db.execute(sql`select count(*)::int as n from latchkey_migrations`)
  const files = await readdir(migrations)
  expect(applied).toEqual([{ n: files.filter((file) => file.endsWith(".sql")).length }])
  await Promise.all(databases.map((database) => database.close()))
})

test("no migration names a schema: the tables can be in any, even one that is a reserved word", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await admin.unsafe("drop schema public")
  const user = newUser()

  await start(adminUrl, (db) => createUser(db, user), { schema: "user" })

  expect(await start(adminUrl, (db) => findUserByEmail(db, user), { schema: "user" })).not.toBeNull()
  expect(await schemasOf(admin, "sessions")).toEqual(["user"])
})

test("another product's tables of the same names are neither read nor changed", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  for (const table of ["users", "owners", "sessions", "api_keys"]) {
    await admin.unsafe(`create table public.${table} (id int); insert into public.${table} values (1)`)
  }
  const user = newUser()

  expect(await start(adminUrl, (db) => createUser(db, user))).not.toBeNull()

  expect(await start(adminUrl, (db) => findUserByEmail(db, user))).not.toBeNull()
  for (const table of ["users", "owners", "sessions", "api_keys"]) {
    expect(await admin.unsafe(`select * from public.${table}`)).toEqual([{ id: 1 }])
  }
})

test("two schemas in one database are two installations", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  const user = newUser()
  await start(adminUrl, (db) => createUser(db, user), { schema: "one" })
  await renameUsers(admin, "one")

  const found = await start(adminUrl, (db) => findUserByEmail(db, user), { schema: "two" })

  expect(found).toBeNull()
  expect(await schemasOf(admin, "sessions")).toEqual(["one", "two"])
})

test("another product's table in the schema is reported by its name, and nothing changes", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, adminUrl } = empty
  await admin.unsafe("create schema latchkey; create table latchkey.sessions (id int)")

  const started = start(adminUrl, async () => {})

  await expect(started).rejects.toThrow(DatabaseUnusable)
  await expect(started).rejects.toThrow(
    '"sessions" in the schema "latchkey" belongs to another product; name another schema for Latchkey',
  )
  expect(await admin`select tablename from pg_tables where schemaname in ('latchkey', 'public')`).toEqual([
    { tablename: "sessions" },
  ])
})

test.each([
  ["", "1 to 63"],
  ["Latchkey", "lowercase"],
  ["pg_latchkey", "not beginning"],
  ["1st", "not beginning"],
  ["x".repeat(64), "1 to 63"],
  ['a"; drop schema public; --', "lowercase"],
])("the schema %j is refused", async (schema, part) => {
  await expect(createDatabase(inject("postgresUrl"), { schema })).rejects.toThrow(
    new RegExp(`^schema: expected .*${part}`),
  )
})

test("pending steps are reported without changing anything", async () => {
  await using empty = await openEmpty(inject("postgresUrl"))
  const { admin, url, adminUrl } = empty
  const { migrate, pendingMigrations, close } = await createDatabase(adminUrl)
  const before = await pendingMigrations()
  expect(before).toContain("0000_initial")
  expect(await schemasOf(admin, "latchkey_migrations")).toEqual([])

  await migrate()

  expect(await pendingMigrations()).toEqual([])
  await close()
  const unauthorized = await createDatabase(url)
  await expect(unauthorized.pendingMigrations()).rejects.toThrow(
    'the tables in the schema "latchkey" belong to the role "postgres", and this role may not use them',
  )
  await unauthorized.close()
})

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
})

function connectUntilDisposed(url: string) {
  const sql = connect(url)
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) }
}

/** Holds the lock under which instances migrate, until it is released or disposed. */
async function holdMigrationLock(url: string) {
  const holder = connectUntilDisposed(url)
  await holder.sql`select pg_advisory_lock(${ADVISORY_LOCK})`
  return { ...holder, release: () => holder.sql`select pg_advisory_unlock(${ADVISORY_LOCK})` }
}

/** Counts the sessions of a database that wait for the migration lock. */
function watchWaiting(url: string) {
  const watcher = connectUntilDisposed(url)
  return {
    ...watcher,
    async count() {
      const [row] = await watcher.sql`
        select count(*)::int as waiting from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`
      return row?.waiting
    },
  }
}

test("an instance that waits for another one's migration says so once, and then starts", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using lock = await holdMigrationLock(database.url)
  const { migrate, close } = await createDatabase(database.url)
  const reasons: string[] = []

  const migrated = migrate({ onWait: (reason) => reasons.push(reason) })
  await expect.poll(() => reasons, { timeout: 20_000 }).toHaveLength(1)
  await lock.release()
  await migrated

  expect(reasons).toEqual(["another instance is migrating the database; waiting for it to finish"])
  await close()
})

test("a migration that waits for another transaction says so once, and then completes", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using other = connectUntilDisposed(database.url)
  await other.sql`create schema latchkey`
  await other.sql`begin`
  await other.sql`create table latchkey.users (id int)`
  const { migrate, close } = await createDatabase(database.url)
  const reasons: string[] = []

  const migrated = migrate({ onWait: (reason) => reasons.push(reason) })
  await expect.poll(() => reasons, { timeout: 20_000 }).toHaveLength(1)
  await other.sql`rollback`
  await migrated

  expect(reasons).toEqual(["another transaction locks what the migration changes; waiting for it to end"])
  await close()
})

test("an instance that dies while it waits for the migration lock leaves no database session behind", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using link = await createTcpProxy(new URL(database.url))
  await using waiting = watchWaiting(database.url)
  await using _ = await holdMigrationLock(database.url)
  const { migrate, close } = await createDatabase(link.url)
  const failed = migrate().catch(() => "failed")
  await expect.poll(waiting.count).toBe(1)

  await link.disconnect()

  expect(await failed).toBe("failed")
  await expect.poll(waiting.count, { timeout: 20_000 }).toBe(0)
  await close()
})

test("a connection that goes silent while it waits for the migration lock is given up", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using link = await createTcpProxy(new URL(database.url))
  await using waiting = watchWaiting(database.url)
  await using _ = await holdMigrationLock(database.url)
  const { migrate, close } = await createDatabase(link.url)
  const failure = migrate().then(() => undefined, codeOf)
  await expect.poll(waiting.count).toBe(1)

  link.mute()

  expect(await failure).toBe("ETIMEDOUT")
  await close()
})

test("a migration that is cancelled while it waits ends at once", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using waiting = watchWaiting(database.url)
  await using _ = await holdMigrationLock(database.url)
  const { migrate, close } = await createDatabase(database.url)
  const stop = new AbortController()
  const migrated = migrate({ signal: stop.signal })
  await expect.poll(waiting.count).toBe(1)

  stop.abort()

  await expect(migrated).rejects.toThrow()
  await close()
})
