import { setTimeout as sleep } from "node:timers/promises"
import { eventually, gate } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { openDatabase, openProxy, withUsersLocked } from "../../test/openPool.ts"
import { newUser } from "../../test/openTestDatabase.ts"
import { createDatabase, createUser, DatabaseUnavailable, ping } from "../index.ts"
import { write } from "../query.ts"
import { rateLimits } from "../schema/rateLimits.ts"

const counted = (key: string) => ({ key, points: 1, expiresAt: new Date() })

test("a transaction that waited for a connection does not commit after its caller got an error", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const failed = gate()
  const late = write<string, void>((db, key) =>
    db.transaction(async (tx) => {
      await tx.insert(rateLimits).values(counted(key))
      await failed.opened
    }),
  )

  let outcome: Promise<void> = Promise.resolve()
  await withUsersLocked(direct, async () => {
    const before = Promise.allSettled(Array.from({ length: 6 }, () => createUser(db, newUser())))
    await eventually(() => expect(database.usage().inUse).toBe(6))
    outcome = expect(late(db, "late").finally(failed.open)).rejects.toThrow("no answer within")
    await sleep(300)
    expect(database.usage().waiting).toBe(1)
    void before
  })
  await outcome

  await eventually(() => expect(database.usage().inUse).toBe(0))
  expect(await direct`select key from rate_limits`).toEqual([])
})

test("a statement whose first step is answered too late gets no second step", async () => {
  await using database = await openDatabase()
  await using proxy = await openProxy(database.url)
  const { db, usage, close } = await createDatabase(proxy.url)
  // Sent so late that the server's own time limit ends after the caller's.
  const count = write<string, void>(async (db, key) => {
    await sleep(500)
    await db.insert(rateLimits).values(counted(key))
  })
  await eventually(() => ping(db))
  await count(db, "first")

  const passOn = proxy.holdAnswers()
  // First the server describes the statement; only then are the parameters sent.
  await expect(count(db, "late")).rejects.toThrow(DatabaseUnavailable)
  passOn()

  await eventually(() => expect(usage().inUse).toBe(0))
  await count(db, "next")
  expect((await database.direct`select key from rate_limits order by key`).map(({ key }) => key)).toEqual([
    "first",
    "next",
  ])
  await close()
})

test.each([10, 1])(
  "of %i, a connection whose commit is never answered is given up",
  async (maxConnections) => {
    await using database = await openDatabase()
    await using proxy = await openProxy(database.url)
    const { db, usage, close } = await createDatabase(proxy.url, { maxConnections })
    const count = write<string, void>((db, key) =>
      db.transaction(async (tx) => {
        await tx.insert(rateLimits).values(counted(key))
        proxy.holdAnswers()
      }),
    )

    await expect(count(db, "perhaps")).rejects.toThrow(DatabaseUnavailable)

    await eventually(() => expect(usage().inUse).toBe(0))
    await ping(db)
    await close()
  },
  180_000,
)
