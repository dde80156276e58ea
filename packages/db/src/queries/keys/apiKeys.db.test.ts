import { randomBytes, randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, newApiKey, storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  addCalls,
  createApiKey,
  type Database,
  endSession,
  findVerifiableApiKeys,
  findVerifiableApiKeysById,
  listApiKeys,
  recordReceipt,
  revokeApiKey,
  touchApiKeys,
  type VerifiableApiKey,
} from "../../index.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { owners } from "../../schema/owners.ts"

describe.each(["PostgreSQL", "embedded"] as const)("API keys on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  const ignoringReadAt = (row: VerifiableApiKey) => ({ ...row, readAt: expect.any(Number) })
  const find = (...lookupIds: string[]) => findVerifiableApiKeys(db, { lookupIds })

  test("are found by their lookup ids, several in one read, with their owners", async () => {
    const [ada, bob] = [await storeUser(db), await storeUser(db)]
    const [one, two] = [await storeApiKey(db, ada), await storeApiKey(db, bob)]

    const rows = await find(two.lookupId, one.lookupId, "0000000000000000")

    const byId = new Map(rows.map((row) => [row.id, row]))
    expect(byId.size).toBe(2)
    expect(byId.get(one.id)).toMatchObject({ keyHash: one.keyHash, owner: ada.user })
    expect(byId.get(two.id)).toMatchObject({ keyHash: two.keyHash, owner: bob.user })
    expect(Buffer.from(byId.get(one.id)?.receipt ?? [])).toEqual(one.receipt)
  })

  test("have all their fields, as Drizzle itself reads them", async () => {
    const { id, lookupId } = await storeApiKey(db, await storeUser(db))
    const plain = await find(lookupId)
    expect(plain).toEqual((await findVerifiableApiKeysById(db, { ids: [id] })).map(ignoringReadAt))

    const restrictions = {
      ...{
        prefix: "acme",
        scopes: ["reports:read", 'with "quotes"'],
        allowedIps: ["192.0.2.0/24", "::1/128"],
      },
      ...{
        rateLimit: 10,
        rateWindow: 60,
        counterId: randomUUID(),
        checks: ["scopes", "allowedIps", "rateLimit"],
      },
      ...{ metadata: { plan: "pro, {quoted}" }, expiresAt: new Date(Date.now() + 60_000) },
    }
    await db.update(apiKeys).set(restrictions).where(sql`${apiKeys.id} = ${id}`)
    await addCalls(db, {
      calls: [{ counterId: restrictions.counterId, startedAt: Date.now(), seconds: 60, calls: 3 }],
    })
    const full = await find(lookupId)
    expect(full).toMatchObject([{ ...restrictions, windowCalls: 3 }])
    expect(full).toEqual((await findVerifiableApiKeysById(db, { ids: [id] })).map(ignoringReadAt))
  })

  test("say when they have expired or their owner is disabled", async () => {
    const owner = await storeUser(db)
    const expiring = await storeApiKey(db, owner, {
      apiKey: newApiKey({ expiresAt: new Date(Date.now() + 60_000) }),
    })
    const other = await storeApiKey(db, owner)
    expect(await find(expiring.lookupId)).toMatchObject([{ ended: null }])
    expect(await find(other.lookupId)).toMatchObject([{ ended: null }])

    await db.update(apiKeys).set({ expiresAt: sql`now()` }).where(sql`${apiKeys.id} = ${expiring.id}`)
    expect(await find(expiring.lookupId)).toMatchObject([{ ended: "expired" }])

    await db.update(owners).set({ disabledAt: sql`now()` }).where(sql`${owners.id} = ${owner.userId}`)
    expect(await find(other.lookupId)).toMatchObject([{ ended: "ownerDisabled" }])
  })

  test("can't be restricted without naming the check, so that instances that don't know it can't skip it", async () => {
    const { id } = await storeApiKey(db, await storeUser(db))
    const restrict = (values: Partial<typeof apiKeys.$inferInsert>) =>
      db.update(apiKeys).set(values).where(sql`${apiKeys.id} = ${id}`)

    for (const restriction of [
      { scopes: [] },
      { allowedIps: ["192.0.2.0/24"] },
      { rateLimit: 10, rateWindow: 60 },
      { disabledAt: new Date() },
      { lookupId: null, importedStart: "sk_live_", importedLength: 40 },
    ]) {
      await expect(restrict(restriction)).rejects.toMatchObject({ cause: { code: "23514" } })
    }
  })

  test("can be revoked once, only by their owner, and leave no credential behind", async () => {
    const [owner, stranger] = [await storeUser(db), await storeUser(db)]
    const apiKey = await storeApiKey(db, owner)

    expect(await revokeApiKey(db, { id: apiKey.id, by: stranger.by, client })).toBe("notFound")
    expect(await revokeApiKey(db, { id: apiKey.id, by: owner.by, client })).toBe("done")
    expect(await revokeApiKey(db, { id: apiKey.id, by: owner.by, client })).toBe("notFound")

    expect(await find(apiKey.lookupId)).toEqual([])
    const [row] = await db.select().from(apiKeys).where(sql`${apiKeys.id} = ${apiKey.id}`)
    expect(row).toMatchObject({ keyHash: null, receipt: null, receiptSecretId: null, label: apiKey.label })
    expect(row?.revokedAt).toBeInstanceOf(Date)
  })

  test("accept a receipt only if it is for their hash and they are not revoked", async () => {
    const owner = await storeUser(db)
    const apiKey = await storeApiKey(db, owner)
    const renewal = {
      id: apiKey.id,
      ownerId: owner.userId,
      keyHash: apiKey.keyHash,
      receipt: randomBytes(32),
      receiptSecretId: "fedcba9876543210",
    }

    expect(await recordReceipt(db, { ...renewal, keyHash: "another" })).toBe(false)
    expect(await recordReceipt(db, renewal)).toBe(true)
    await revokeApiKey(db, { id: apiKey.id, by: owner.by, client })
    expect(await recordReceipt(db, renewal)).toBe(false)
  })

  test("can't exceed the limit when they are created concurrently", async () => {
    const { by } = await storeUser(db)

    const results = await Promise.all(
      Array.from({ length: 6 }, () => createApiKey(db, { by, maxKeys: 2, apiKey: newApiKey(), client })),
    )

    const statuses = results.map((result) => (result === "ended" ? result : result.status))
    expect(statuses.filter((status) => status === "created")).toHaveLength(2)
    expect(statuses.filter((status) => status === "limitReached")).toHaveLength(4)
  })

  test("are not created for a session that has ended", async () => {
    const { by } = await storeUser(db)
    await endSession(db, { by, client })

    expect(await createApiKey(db, { by, maxKeys: 10, apiKey: newApiKey(), client })).toBe("ended")
  })

  test("are listed newest first, page by page, even if they were created in the same millisecond", async () => {
    const owner = await storeUser(db)
    const created = []
    for (let index = 0; index < 7; index++) created.push(await storeApiKey(db, owner))
    await db
      .update(apiKeys)
      .set({ createdAt: new Date(0) })
      .where(sql`${apiKeys.ownerId} = ${owner.userId}`)
    await storeApiKey(db, owner, { apiKey: newApiKey({ label: "the newest" }) })

    const listed = []
    for (;;) {
      const page = await listApiKeys(db, { ownerId: owner.userId, limit: 3, after: listed.at(-1) ?? null })
      listed.push(...page)
      if (page.length < 3) break
    }

    expect(listed[0]?.label).toBe("the newest")
    expect(listed.slice(1).map(({ id }) => id)).toEqual(
      created
        .map(({ id }) => id)
        .sort()
        .reverse(),
    )
  })

  test("are marked as used by two concurrent statements with many keys each", async () => {
    const owner = await storeUser(db)
    const ids: string[] = []
    for (let index = 0; index < 20; index++) ids.push((await storeApiKey(db, owner)).id)

    await Promise.all([touchApiKeys(db, { ids }), touchApiKeys(db, { ids: [...ids].reverse() })])

    const listed = await listApiKeys(db, { ownerId: owner.userId, limit: 100, after: null })
    expect(listed).toHaveLength(20)
    for (const { lastUsedAt } of listed) expect(lastUsedAt).toBeInstanceOf(Date)
  })
})
