import { eventually } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { openDatabase, withUsersLocked } from "../../test/openPool.ts"
import { newUser } from "../../test/openTestDatabase.ts"
import { createUser, findUserByEmail, ping } from "../index.ts"

test("when all connections are busy, writes are refused in time and never done", async () => {
  await using database = await openDatabase()
  const { db, direct } = database
  const users = Array.from({ length: 30 }, newUser)

  await withUsersLocked(direct, async () => {
    const writes = users.map((user) => createUser(db, user))
    await eventually(() => expect(database.usage()).toMatchObject({ size: 10, inUse: 6, waiting: 24 }))
    for (const write of await Promise.allSettled(writes)) {
      expect(write).toMatchObject({ status: "rejected", reason: { name: "DatabaseUnavailable" } })
    }
    expect(database.usage()).toMatchObject({ refused: 24, waiting: 0 })
    await eventually(() => expect(database.usage().inUse).toBe(0))
  })

  await ping(db, undefined)
  expect(await direct`select email from owners`).toEqual([])
  expect(await createUser(db, newUser())).not.toBeNull()
})

test("queries beyond the length of the queue are refused at once", async () => {
  await using database = await openDatabase()
  const { db, direct } = database

  await withUsersLocked(direct, async () => {
    const reads = Array.from({ length: 1_011 }, () => findUserByEmail(db, { email: "nobody" }))
    await expect(reads.at(-1)).rejects.toThrow("too many queries are waiting")
    await Promise.allSettled(reads)
  })

  expect(await findUserByEmail(db, { email: "nobody" })).toBeNull()
})

test("waiting writes leave connections for reads", async () => {
  await using database = await openDatabase()
  const { db, direct } = database

  await withUsersLocked(direct, async () => {
    const writes = Promise.allSettled(Array.from({ length: 20 }, () => createUser(db, newUser())))
    await eventually(() => expect(database.usage().inUse).toBe(6))
    for (let read = 0; read < 100; read++) await ping(db)
    expect(database.usage().inUse).toBe(6)
    await writes
  })
})
