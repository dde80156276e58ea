import { randomUUID } from "node:crypto"
import { apiKeys as table } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { sql } from "drizzle-orm"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { client, createTestAuth, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { useApiKeys } from "../../test/useApiKeys.ts"

const rejected = { caller: null, problem: "invalid" }

describe.each(["PostgreSQL", "embedded"] as const)("API keys on %s", (kind) => {
  const { on, createKey, rowOf } = useApiKeys(kind)

  test("a new key has 64 hex characters and is stored as a bcrypt hash", async () => {
    const created = await createKey(await signUp(on.auth))
    const row = await rowOf(created.id)

    expect(created.key).toMatch(/^[0-9a-f]{64}$/)
    expect(created.start).toBe(created.key.slice(0, 8))
    expect(row.lookupId).toBe(created.key.slice(0, 16))
    expect(await bcrypt.compare(created.key, row.keyHash ?? "")).toBe(true)
    expect(JSON.stringify(row)).not.toContain(created.key.slice(16))
  })

  test("a flood of key creations by one user does not block another user's", async () => {
    const [greedy, modest] = [await signUp(on.auth), await signUp(on.auth)]
    // Instant, because 1,000 real hashes would take too long.
    const someHash = await bcrypt.hash("x", 10)
    vi.spyOn(bcrypt, "hash").mockImplementation(async () => someHash)
    onTestFinished(() => void vi.restoreAllMocks())
    const flood = Array.from({ length: 1_000 }, () => createKey(greedy).catch(() => {}))

    expect((await createKey(modest)).key).toMatch(/^[0-9a-f]{64}$/)

    await Promise.all(flood)
  })

  test.each([{ search: "needle" }, { status: "all", search: "needle" }, {}] as const)(
    "a page of the list %o reads at most 10,000 keys, and the pages have no gap",
    async (filter) => {
      const user = await signUp(on.auth)
      await on.db.execute(sql`
        insert into api_keys (owner_id, lookup_id, key_hash, label, created_by, created_at, expires_at)
        select ${user.owner.id}::uuid, substr(md5(concat(${user.owner.id}::uuid, n)), 1, 16), 'hash', 'ended', '',
          now() - n * interval '1 second', now() - interval '1 day'
        from generate_series(1, 10002) n`)
      const found = await createKey(user)
      await on.db.execute(
        sql`update api_keys set label = 'needle', created_at = '2020-01-01' where id = ${found.id}`,
      )

      const first = await on.auth.apiKeys.list(user.owner, { cursor: null, limit: 2, ...filter })
      expect(first).toEqual({ items: [], nextCursor: expect.any(String) })
      const second = await on.auth.apiKeys.list(user.owner, { cursor: first.nextCursor, limit: 2, ...filter })
      expect(second).toMatchObject({ items: [{ id: found.id }], nextCursor: null })
    },
  )

  test("a list contains only metadata", async () => {
    const user = await signUp(on.auth)
    const { key, ...created } = await createKey(user)

    const list = await on.auth.apiKeys.list(user.owner, { cursor: null, limit: 50 })

    expect(list).toEqual({ items: [{ ...created, lastUsedAt: null, revokedAt: null }], nextCursor: null })
    expect(JSON.stringify(list)).not.toContain(key.slice(8))
  })

  test("a long list has pages without gaps or duplicates", async () => {
    const user = await signUp(on.auth)
    const created = [await createKey(user), await createKey(user), await createKey(user)]

    const first = await on.auth.apiKeys.list(user.owner, { cursor: null, limit: 2 })
    const second = await on.auth.apiKeys.list(user.owner, { cursor: first.nextCursor, limit: 2 })

    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(
      created.map(({ id }) => id).reverse(),
    )
    expect(second.nextCursor).toBeNull()
    await expect(on.auth.apiKeys.list(user.owner, { cursor: "made up", limit: 2 })).rejects.toMatchObject({
      reason: "INVALID_INPUT",
      field: "cursor",
    })
  })

  test("a key authenticates until it is revoked", async () => {
    const user = await signUp(on.auth)
    const { id, key, createdAt } = await createKey(user)
    const caller = {
      ...{ owner: user.owner, via: "apiKey", apiKeyId: id, label: "nightly import", metadata: null },
      ...{ scopes: [], isScoped: false, manage: "write", issuedAt: createdAt },
    }
    expect(await on.auth.authenticate(withApiKey(key))).toMatchObject({ caller })

    await on.auth.apiKeys.revoke(user.caller, { id }, client)

    expect(await on.auth.authenticate(withApiKey(key))).toMatchObject(rejected)
    await expect(on.auth.apiKeys.revoke(user.caller, { id }, client)).rejects.toMatchObject({
      reason: "NOT_FOUND",
    })
  })

  test("a key expires at its `expiresAt`, by the database's clock", async () => {
    const user = await signUp(on.auth)
    const expiresAt = new Date(Date.now() + 60_000)
    const { id, key } = await on.auth.apiKeys.create(
      user.caller,
      { label: "for a minute", expiresAt, scopes: null },
      client,
    )
    expect(await on.auth.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })

    await on.db.update(table).set({ expiresAt: sql`now()` }).where(sql`${table.id} = ${id}`)

    expect(await on.auth.authenticate(withApiKey(key))).toMatchObject(rejected)
    expect((await on.auth.apiKeys.list(user.owner, { cursor: null, limit: 50 })).items).toEqual([])
    await expect(
      on.auth.apiKeys.create(user.caller, { label: "too late", expiresAt: new Date(), scopes: null }, client),
    ).rejects.toMatchObject({ reason: "INVALID_INPUT", field: "expiresAt" })
  })

  test("a user can't revoke another user's key or an unknown one", async () => {
    const [owner, stranger] = [await signUp(on.auth), await signUp(on.auth)]
    const { id, key } = await createKey(owner)
    for (const unknown of [id, randomUUID(), "no id", "\0", id.toUpperCase()]) {
      await expect(on.auth.apiKeys.revoke(stranger.caller, { id: unknown }, client)).rejects.toMatchObject({
        reason: "NOT_FOUND",
      })
    }
    expect(await on.auth.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
  })

  test("a key can revoke only itself", async () => {
    const user = await signUp(on.auth)
    const [one, two] = [await createKey(user), await createKey(user)]
    const { caller } = await on.auth.authenticate(withApiKey(one.key))
    if (!caller) throw new TypeError("not authenticated")

    await expect(on.auth.apiKeys.revoke(caller, { id: two.id }, client)).rejects.toMatchObject({
      reason: "FORBIDDEN",
    })
    await on.auth.apiKeys.revoke(caller, { id: one.id }, client)

    expect(await on.auth.authenticate(withApiKey(one.key))).toMatchObject(rejected)
    expect(await on.auth.authenticate(withApiKey(two.key))).toMatchObject({ caller: { apiKeyId: two.id } })
  })

  test("the limit of keys counts only active ones", async () => {
    const strict = createTestAuth(on.db, { maxKeysPerUser: 1 })
    const user = await signUp(strict)
    const { id } = await createKey(user, strict)
    await expect(createKey(user, strict)).rejects.toMatchObject({ reason: "KEY_LIMIT_REACHED" })

    await strict.apiKeys.revoke(user.caller, { id }, client)
    await createKey(user, strict)
  })
})
