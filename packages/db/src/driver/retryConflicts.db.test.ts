import { connect, createTestDatabase, gate, startSerializable } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { client, openTestDatabase, storeApiKey, storeUser } from "../../test/openTestDatabase.ts"
import { createDatabase } from "../createDatabase.ts"
import { createLimiter } from "../createLimiter.ts"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { revokeApiKey } from "../queries/keys/apiKeys.ts"
import { query, write } from "../query.ts"

const AT_ONCE = 8

const isolation = query<undefined, unknown>(async (db) => {
  const [row] = (await db.execute(sql`show transaction_isolation`)) as unknown as {
    transaction_isolation: string
  }[]
  return row?.transaction_isolation
})

test.each(["default", "engine"] as const)(
  "no concurrent count is lost or fails where %s is serializable",
  async (whose) => {
    await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
    const direct = connect(database.url)
    await direct.unsafe(
      `alter database ${new URL(database.url).pathname.slice(1)} set default_transaction_isolation = 'serializable'`,
    )
    await using proxy = await startSerializable(database.url)
    const { db, close } = await createDatabase(whose === "engine" ? proxy.url : database.url)
    expect(await isolation(db, undefined)).toBe(whose === "engine" ? "serializable" : "read committed")

    const limiter = createLimiter(db, { name: "test", count: AT_ONCE, seconds: 60 })
    const calls = await Promise.all(Array.from({ length: AT_ONCE }, () => limiter.consume("key")))
    expect(calls.map(({ remaining }) => remaining).sort((a, b) => a - b)).toEqual(
      Array.from({ length: AT_ONCE }, (_, index) => index),
    )
    await direct.end()
    await close()
  },
)

test("two transactions that wait for each other both complete, each exactly once", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const direct = connect(server.url)
  const name = new URL(server.url).pathname.slice(1)
  await direct.unsafe(`
    create table places (name text, visits integer); insert into places values ('a', 0), ('b', 0);
    alter database ${name} set deadlock_timeout = '50ms'`)
  const { db, close } = await createDatabase(server.url)
  const attempts = { ab: 0, ba: 0 }
  const bothHold = gate()
  let holding = 0
  const visit = write(async (db, order: "ab" | "ba") =>
    db.transaction(async (tx) => {
      attempts[order]++
      const [first, second] = order === "ab" ? ["a", "b"] : ["b", "a"]
      await tx.execute(sql`update public.places set visits = visits + 1 where name = ${first}`)
      if (++holding === 2) bothHold.open()
      await bothHold.opened
      await tx.execute(sql`update public.places set visits = visits + 1 where name = ${second}`)
    }),
  )

  await Promise.all([visit(db, "ab"), visit(db, "ba")])
  expect(attempts.ab + attempts.ba).toBeGreaterThan(2)
  expect(await direct`select name, visits from places order by name`).toEqual([
    { name: "a", visits: 2 },
    { name: "b", visits: 2 },
  ])
  await direct.end()
  await close()
})

test("a revocation that is the victim of a deadlock still succeeds, with one event in the trail", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const direct = connect(database.url)
  const name = new URL(database.url).pathname.slice(1)
  const user = await storeUser(database.db)
  const { id } = await storeApiKey(database.db, user)
  await direct.unsafe(`alter database ${name} set deadlock_timeout = '50ms'`)
  const { db, close } = await createDatabase(database.url)
  const other = connect(database.url)
  const holder = await other.reserve()
  await holder.unsafe("begin; set local deadlock_timeout = '1h'")
  await holder`select from latchkey.api_keys where id = ${id} for update`

  const revocation = revokeApiKey(db, { id, by: user.by, client })
  await holder.unsafe(`do $$ begin
    while not exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()) loop
      perform pg_sleep(0.01), pg_stat_clear_snapshot();
    end loop;
    perform from latchkey.owners where id = '${user.userId}' for update;
  end $$`)
  await holder`commit`
  holder.release()
  await other.end()

  expect(await revocation).toBe("done")
  expect(
    await direct`select from latchkey.audit_events where kind = 'apiKeyRevoked' and subject_id = ${id}`,
  ).toHaveLength(1)
  await direct.end()
  await close()
})

test("a transaction that never wins fails within the time limit of a query, like in an outage", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const { db, close } = await createDatabase(server.url)
  let attempts = 0
  const lose = write(async (db) => {
    attempts++
    await db.execute(sql`do $$ begin raise exception using errcode = '40001'; end $$`)
  })
  const error = await lose(db, undefined).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(DatabaseUnavailable)
  expect(error).toMatchObject({ begun: false })
  expect(attempts).toBeGreaterThan(5)
  await close()
})

test("a commit whose outcome is unknown is not repeated", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const { db, close } = await createDatabase(server.url)
  let attempts = 0
  const conflict = Object.assign(new Error("conflict"), { code: "40001" })
  const commit = write(async () => {
    attempts++
    throw new DatabaseUnavailable("committed, perhaps", { begun: true, cause: conflict })
  })
  await expect(commit(db, undefined)).rejects.toMatchObject({ begun: true })
  expect(attempts).toBe(1)
  await close()
})
