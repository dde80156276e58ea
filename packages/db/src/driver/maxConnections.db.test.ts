import { setTimeout as sleep } from "node:timers/promises"
import { createTestDatabase, eventually, type Sql } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { openDatabase } from "../../test/openPool.ts"
import { newUser } from "../../test/openTestDatabase.ts"
import { createDatabase, createUser, DatabaseUnavailable, findUserByEmail, ping } from "../index.ts"
import { query } from "../query.ts"
import { sessions } from "../schema/sessions.ts"

const countConnections = async (direct: Sql) => {
  const [row] = await direct`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and application_name = 'latchkey'`
  return row?.n as number
}

test.each([1, 2, 3])("with %i connections, many concurrent queries take turns", async (maxConnections) => {
  await using database = await openDatabase({ maxConnections })
  const { db, direct } = database
  const users = Array.from({ length: 30 }, newUser)

  await Promise.all(users.map((user) => createUser(db, user)))
  const found = await Promise.all(users.map((user) => findUserByEmail(db, user)))

  expect(found.every((user) => user !== null)).toBe(true)
  expect(database.usage()).toMatchObject({ size: maxConnections, inUse: 0, refused: 0 })
  expect(await countConnections(direct)).toBe(maxConnections)
})

test.each([
  [2, 1],
  [3, 2],
])("of %i connections, writes hold %i, and reads go on", async (maxConnections, writes) => {
  await using database = await openDatabase({ maxConnections })
  const { db, direct } = database

  await direct.begin(async (transaction) => {
    await transaction`lock table ${transaction("sessions")}`
    const blocked = Promise.allSettled(Array.from({ length: 5 }, () => createUser(db, newUser())))
    await eventually(() => expect(database.usage().inUse).toBe(writes))
    for (let read = 0; read < 20; read++) await ping(db)
    for (const { status } of await blocked) expect(status).toBe("rejected")
  })

  await eventually(() => createUser(db, newUser()))
})

test("the only connection is lost: one clean error, and then a new one", async () => {
  await using database = await openDatabase({ maxConnections: 1 })
  const { db, direct } = database
  const interrupted = query((db) => db.execute(sql`select pg_sleep(5)`))
  const failed = expect(interrupted(db, undefined)).rejects.toThrow(DatabaseUnavailable)
  await eventually(async () => {
    const ended = await direct`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'select pg_sleep%' and pid <> pg_backend_pid()`
    expect(ended).toHaveLength(1)
  })
  await failed

  await ping(db)
})

test.each([0, -1, 1.5, Number.NaN])("%d connections are refused", async (maxConnections) => {
  await expect(createDatabase(inject("postgresUrl"), { maxConnections })).rejects.toThrow(
    "maxConnections: expected a whole number of at least 1",
  )
})

/** What keeps this process alive, apart from the timers of the test runner. */
const openSockets = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length

test("nothing is opened before the first query, and no idle connection keeps the process alive", async () => {
  await using database = await openDatabase({ maxConnections: 3 })
  const { db, close } = await createDatabase(database.url)
  await sleep(50)
  const others = await countConnections(database.direct)
  const before = openSockets()

  await Promise.all(Array.from({ length: 5 }, () => ping(db)))

  expect(await countConnections(database.direct)).toBe(others + 5)
  expect(openSockets()).toBe(before)
  await close()
  await eventually(async () => expect(await countConnections(database.direct)).toBe(others))
  expect(openSockets()).toBe(before)
  await expect(ping(db)).rejects.toThrow(DatabaseUnavailable)
})

test("two databases in one process, each with its schema and its connections", async () => {
  await using one = await openDatabase({ maxConnections: 2 })
  await using server = await createTestDatabase(inject("postgresUrl"))
  const other = await createDatabase(server.url, { schema: "other", maxConnections: 1 })
  await other.migrate()

  const count = query(async (db) => (await db.select({ id: sessions.id }).from(sessions)).length)
  await createUser(one.db, newUser())
  await Promise.all(Array.from({ length: 3 }, () => createUser(other.db, newUser())))

  expect(await count(one.db, undefined)).toBe(1)
  expect(await count(other.db, undefined)).toBe(3)
  await other.close()
  expect(await count(one.db, undefined)).toBe(1)
})
