import { randomUUID } from "node:crypto"
import { createTcpProxy, eventually } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, test } from "vitest"
import { openDatabase, openProxy } from "../../test/openPool.ts"
import { newUser } from "../../test/openTestDatabase.ts"
import { createDatabase, createUser, DatabaseUnavailable, findUserByEmail, ping } from "../index.ts"
import { query } from "../query.ts"

test("recovers from more refused connections than the pool has places", async () => {
  await using database = await openDatabase()
  await using proxy = await createTcpProxy(new URL(database.url))
  await proxy.disconnect()
  const { db, close } = await createDatabase(proxy.url)
  for (let attempt = 0; attempt < 25; attempt++) {
    await expect(ping(db, undefined)).rejects.toThrow(DatabaseUnavailable)
  }

  await proxy.reconnect()
  await eventually(() => ping(db, undefined))
  await close()
})

test("connections that the server closes at once: one attempt per query, an error, and recovery", async () => {
  await using database = await openDatabase()
  await using proxy = await openProxy(database.url)
  proxy.setMode("close")
  const { db, close } = await createDatabase(proxy.url)
  for (let attempt = 1; attempt <= 15; attempt++) {
    await expect(ping(db, undefined)).rejects.toThrow("the database could not answer")
    expect(proxy.accepted.count).toBe(attempt)
  }

  proxy.setMode("pass")
  await eventually(() => ping(db, undefined))
  await close()
})

test("a write that could not be sent in time is not sent when the database is back", async () => {
  await using database = await openDatabase()
  await using proxy = await openProxy(database.url)
  const { db, close } = await createDatabase(proxy.url)
  const write = query((db, name: string) => db.execute(`create table ${name} ()`))
  proxy.setMode("hold")

  const writes = Array.from({ length: 30 }, (_, index) => write(db, `late_${index}`))
  for (const { status } of await Promise.allSettled(writes)) expect(status).toBe("rejected")
  proxy.setMode("pass")

  // One for each place in the pool, so that no connection can still have a write to send.
  await eventually(() => Promise.all(Array.from({ length: 10 }, () => ping(db, undefined))))
  expect(await database.direct`select relname from pg_class where relname like 'late%'`).toEqual([])
  await close()
})

test("while a database is read-only, reads work, writes are unavailable, and later they recover", async () => {
  await using database = await openDatabase()
  const { db, direct, url } = database
  const name = new URL(url).pathname.slice(1)
  const user = newUser()
  await createUser(db, user)
  await direct.unsafe(`alter database ${name} set default_transaction_read_only = on`)
  // The setting affects only new connections.
  await direct`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`
  await eventually(() => ping(db, undefined))

  for (let attempt = 0; attempt < 15; attempt++) {
    await expect(createUser(db, newUser())).rejects.toThrow(DatabaseUnavailable)
  }
  expect(await findUserByEmail(db, user)).not.toBeNull()

  // Connections that began read-only stay read-only.
  await direct.unsafe(`alter database ${name} reset default_transaction_read_only`)
  await eventually(() => createUser(db, newUser()))
})

test("works with a server that allows fewer connections than the pool wants", async () => {
  await using database = await openDatabase()
  const { direct } = database
  const role = `few_${randomUUID().replaceAll("-", "")}`
  await direct.unsafe(
    `create role ${role} login connection limit 2;
      grant usage on schema latchkey to ${role}; grant all on all tables in schema latchkey to ${role}`,
  )
  const url = new URL(database.url)
  url.username = role
  const { db, close } = await createDatabase(url.href)

  const found = await Promise.allSettled(
    Array.from({ length: 50 }, () => findUserByEmail(db, { email: "nobody" })),
  )
  for (const outcome of found) {
    if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(DatabaseUnavailable)
    else expect(outcome.value).toBeNull()
  }
  expect(found.some(({ status }) => status === "fulfilled")).toBe(true)

  await direct.unsafe(`alter role ${role} connection limit -1`)
  await eventually(() =>
    Promise.all(Array.from({ length: 10 }, () => findUserByEmail(db, { email: "nobody" }))),
  )
  await close()
  await direct.unsafe(`drop owned by ${role}; drop role ${role}`)
})

test("ten times, a killed server process fails its query cleanly, and the next query works", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const sleep = query((db) => db.execute(sql`select pg_sleep(5)`))

  for (let round = 0; round < 10; round++) {
    const interrupted = expect(sleep(db, undefined)).rejects.toThrow(DatabaseUnavailable)
    await eventually(async () => {
      const ended = await direct`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'select pg_sleep%' and pid <> pg_backend_pid()`
      expect(ended.length).toBe(1)
    })
    await interrupted
    await ping(db)
  }
})
