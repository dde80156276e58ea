import { createTestDatabase } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test, vi } from "vitest"
import { openTestDatabase } from "../test/openTestDatabase.ts"
import { createDatabase, DatabaseUnavailable, ping } from "./index.ts"
import { query } from "./query.ts"

test("a missing database is unavailable", async () => {
  const { db, close } = await createDatabase("postgres://postgres@127.0.0.1:1/none")
  await expect(ping(db, undefined)).rejects.toThrow(DatabaseUnavailable)
  await close()
})

test("a database that is dropped while in use is unavailable, and the process survives", async () => {
  const server = await createTestDatabase(inject("postgresUrl"))
  const { db, close } = await createDatabase(server.url)
  const pings = Array.from({ length: 20 }, () => ping(db, undefined))
  await Promise.all(pings)
  let dropped: PromiseLike<void> = Promise.resolve()
  const inFlight = db.transaction(async (tx) => {
    await tx.execute(sql`select 1`)
    dropped = server[Symbol.asyncDispose]()
    await dropped
    await tx.execute(sql`select 1`)
  })

  // Its connection is closed before the others, and all of them before the database is gone.
  await expect(inFlight).rejects.toThrow()
  await dropped
  await expect(ping(db, undefined)).rejects.toThrow(DatabaseUnavailable)
  await close()
})

test("a query that gets no answer fails at its deadline", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  const hang = query(() => new Promise<never>(() => {}))

  const givenUp = expect(hang(database.db, undefined)).rejects.toThrow("no answer within 2000 ms")
  await vi.advanceTimersByTimeAsync(2_000)
  await givenUp
  vi.useRealTimers()
})

test("an error in a query is not reported as an outage", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const mistake = query((db) => db.execute(sql`select nothing from nowhere`))

  const error: unknown = await mistake(database.db, undefined).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(Error)
  expect(error).not.toBeInstanceOf(DatabaseUnavailable)
})
