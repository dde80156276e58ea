import { randomUUID } from "node:crypto"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  addUsage,
  type Database,
  deleteOldUsage,
  findUsageOfApiKey,
  findUsageOfOwner,
  revokeApiKey,
} from "../../index.ts"
import { apiKeys } from "../../schema/apiKeys.ts"

describe.each(["PostgreSQL", "embedded"] as const)("usage of keys on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  /** A day in UTC by the database's clock. */
  async function daysAgo(days: number) {
    const [row] = await db
      .select({ day: sql<string>`((now() at time zone 'UTC')::date - ${days}::integer)::text` })
      .from(sql`(values (1)) as one`)
    return row?.day ?? ""
  }

  test("is added up by key and day", async () => {
    const owner = await storeUser(db)
    const { id: apiKeyId } = await storeApiKey(db, owner)
    const [today, yesterday] = [await daysAgo(0), await daysAgo(1)]
    const usage = (day: string, accepted: number, limited: number) => ({ apiKeyId, day, accepted, limited })

    await addUsage(db, { usage: [usage(today, 5, 0), usage(yesterday, 1, 2)] })
    await addUsage(db, { usage: [usage(today, 2, 3)] })

    const found = await findUsageOfApiKey(db, { ownerId: owner.userId, id: apiKeyId, days: 2 })
    expect(found?.today).toBe(today)
    expect(new Set(found?.days)).toEqual(
      new Set([
        { day: yesterday, accepted: 1, limited: 2 },
        { day: today, accepted: 7, limited: 3 },
      ]),
    )
    expect(await findUsageOfApiKey(db, { ownerId: owner.userId, id: apiKeyId, days: 1 })).toMatchObject({
      days: [{ day: today }],
    })
  })

  test("of deleted keys is dropped, and usage of other keys is written", async () => {
    const owner = await storeUser(db)
    const { id } = await storeApiKey(db, owner)
    const day = await daysAgo(0)
    await addUsage(db, {
      usage: [randomUUID(), id].map((apiKeyId) => ({ apiKeyId, day, accepted: 1, limited: 0 })),
    })
    expect(await findUsageOfApiKey(db, { ownerId: owner.userId, id, days: 1 })).toEqual({
      today: day,
      days: [{ day, accepted: 1, limited: 0 }],
    })
  })

  test("is visible only to its owner, and stays after the key is revoked", async () => {
    const [owner, stranger] = [await storeUser(db), await storeUser(db)]
    const { id } = await storeApiKey(db, owner)
    const { id: unused } = await storeApiKey(db, owner)
    const day = await daysAgo(0)
    await addUsage(db, { usage: [{ apiKeyId: id, day, accepted: 1, limited: 0 }] })

    expect(await findUsageOfApiKey(db, { ownerId: stranger.userId, id, days: 30 })).toBeNull()
    expect(await findUsageOfOwner(db, { ownerId: stranger.userId, days: 30, limit: 10 })).toEqual({
      today: day,
      keys: [],
    })
    expect(await findUsageOfApiKey(db, { ownerId: owner.userId, id: unused, days: 30 })).toEqual({
      today: day,
      days: [],
    })
    await revokeApiKey(db, { id, by: owner.by, client: { address: null, requestId: "r-1", device: null } })
    expect(await findUsageOfApiKey(db, { ownerId: owner.userId, id, days: 30 })).toMatchObject({
      days: [{ accepted: 1 }],
    })
    expect(await findUsageOfOwner(db, { ownerId: owner.userId, days: 30, limit: 10 })).toMatchObject({
      keys: [],
    })
  })

  test("of an owner's keys begins with the most used keys", async () => {
    const owner = await storeUser(db)
    const ids = [await storeApiKey(db, owner), await storeApiKey(db, owner), await storeApiKey(db, owner)]
    const [low = "", high = "", middle = ""] = ids.map(({ id }) => id)
    const [today, yesterday, old] = [await daysAgo(0), await daysAgo(1), await daysAgo(2)]
    await addUsage(db, {
      usage: [
        { apiKeyId: low, day: today, accepted: 1, limited: 0 },
        { apiKeyId: low, day: old, accepted: 1_000, limited: 0 },
        { apiKeyId: high, day: today, accepted: 5, limited: 0 },
        { apiKeyId: high, day: yesterday, accepted: 5, limited: 0 },
        { apiKeyId: middle, day: today, accepted: 2, limited: 6 },
      ],
    })

    const { keys } = await findUsageOfOwner(db, { ownerId: owner.userId, days: 2, limit: 2 })

    expect(keys).toEqual([
      {
        apiKeyId: high,
        days: [
          { day: yesterday, accepted: 5, limited: 0 },
          { day: today, accepted: 5, limited: 0 },
        ],
      },
      { apiKeyId: middle, days: [{ day: today, accepted: 2, limited: 6 }] },
    ])
  })

  test("is deleted after 90 days, and with its key", async () => {
    const owner = await storeUser(db)
    const [kept, gone] = [await storeApiKey(db, owner), await storeApiKey(db, owner)]
    const usage = (apiKeyId: string, day: string) => ({ apiKeyId, day, accepted: 1, limited: 0 })
    const [day89, day92] = [await daysAgo(89), await daysAgo(92)]
    await addUsage(db, { usage: [usage(kept.id, day89), usage(kept.id, day92), usage(gone.id, day89)] })

    expect(await deleteOldUsage(db, { days: 90, limit: 10 })).toBe(1)
    expect(await findUsageOfApiKey(db, { ownerId: owner.userId, id: kept.id, days: 365 })).toMatchObject({
      days: [{ day: day89 }],
    })
    await db.delete(apiKeys).where(eq(apiKeys.id, gone.id))
    expect(await findUsageOfApiKey(db, { ownerId: owner.userId, id: gone.id, days: 365 })).toBeNull()
  })
})
