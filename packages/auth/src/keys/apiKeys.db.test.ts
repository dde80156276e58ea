import { randomUUID } from "node:crypto"
import { apiKeys as table } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import bcrypt from "bcrypt"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest"
import { client, createTestAuth, gate, newSecret, signUp, withApiKey } from "../../test/createTestAuth.ts"
import type { Auth } from "../createAuth.ts"
import type { Caller } from "../identities/caller.ts"

const rejected = { caller: null, problem: "invalid" }

describe.each(["PostgreSQL", "embedded"] as const)("API keys on %s", (kind) => {
  let database: OpenTestDatabase
  let auth: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    auth = createTestAuth(database.db)
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const createKey = (user: { caller: Caller }, on = auth) =>
    on.apiKeys.create(user.caller, { label: "nightly import", expiresAt: null, scopes: null }, client)

  async function rowOf(id: string) {
    const [row] = await database.db.select().from(table).where(sql`${table.id} = ${id}`)
    if (!row) throw new TypeError("no such row")
    return row
  }

  test("a new key has 64 hex characters and is stored as a bcrypt hash", async () => {
    const created = await createKey(await signUp(auth))
    const row = await rowOf(created.id)

    expect(created.key).toMatch(/^[0-9a-f]{64}$/)
    expect(created.start).toBe(created.key.slice(0, 8))
    expect(row.lookupId).toBe(created.key.slice(0, 16))
    expect(await bcrypt.compare(created.key, row.keyHash ?? "")).toBe(true)
    expect(JSON.stringify(row)).not.toContain(created.key.slice(16))
  })

  test("a flood of key creations by one user does not block another user's", async () => {
    const [greedy, modest] = [await signUp(auth), await signUp(auth)]
    // Instant, because 1,000 real hashes would take too long.
    const someHash = await bcrypt.hash("x", 10)
    vi.spyOn(bcrypt, "hash").mockImplementation(async () => someHash)
    const flood = Array.from({ length: 1_000 }, () => createKey(greedy).catch(() => {}))

    expect((await createKey(modest)).key).toMatch(/^[0-9a-f]{64}$/)

    await Promise.all(flood)
    vi.restoreAllMocks()
  })

  test("a list contains only metadata", async () => {
    const user = await signUp(auth)
    const { key, ...created } = await createKey(user)

    const list = await auth.apiKeys.list(user.owner, { cursor: null, limit: 50 })

    expect(list).toEqual({ items: [{ ...created, lastUsedAt: null, revokedAt: null }], nextCursor: null })
    expect(JSON.stringify(list)).not.toContain(key.slice(8))
  })

  test("a long list has pages without gaps or duplicates", async () => {
    const user = await signUp(auth)
    const created = [await createKey(user), await createKey(user), await createKey(user)]

    const first = await auth.apiKeys.list(user.owner, { cursor: null, limit: 2 })
    const second = await auth.apiKeys.list(user.owner, { cursor: first.nextCursor, limit: 2 })

    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(
      created.map(({ id }) => id).reverse(),
    )
    expect(second.nextCursor).toBeNull()
    await expect(auth.apiKeys.list(user.owner, { cursor: "made up", limit: 2 })).rejects.toMatchObject({
      reason: "INVALID_INPUT",
      field: "cursor",
    })
  })

  test("a key authenticates until it is revoked", async () => {
    const user = await signUp(auth)
    const { id, key, createdAt } = await createKey(user)
    const caller = {
      ...{ owner: user.owner, via: "apiKey", apiKeyId: id, label: "nightly import", metadata: null },
      ...{ scopes: [], isScoped: false, manage: "write", issuedAt: createdAt },
    }
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller })

    await auth.apiKeys.revoke(user.caller, { id }, client)

    expect(await auth.authenticate(withApiKey(key))).toMatchObject(rejected)
    await expect(auth.apiKeys.revoke(user.caller, { id }, client)).rejects.toMatchObject({
      reason: "NOT_FOUND",
    })
  })

  test("a key expires at its `expiresAt`, by the database's clock", async () => {
    const user = await signUp(auth)
    const expiresAt = new Date(Date.now() + 60_000)
    const { id, key } = await auth.apiKeys.create(
      user.caller,
      { label: "for a minute", expiresAt, scopes: null },
      client,
    )
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })

    await database.db.update(table).set({ expiresAt: sql`now()` }).where(sql`${table.id} = ${id}`)

    expect(await auth.authenticate(withApiKey(key))).toMatchObject(rejected)
    expect((await auth.apiKeys.list(user.owner, { cursor: null, limit: 50 })).items).toEqual([])
    await expect(
      auth.apiKeys.create(user.caller, { label: "too late", expiresAt: new Date(), scopes: null }, client),
    ).rejects.toMatchObject({ reason: "INVALID_INPUT", field: "expiresAt" })
  })

  test("wrong, malformed and unknown keys are rejected in the same way", async () => {
    const { key } = await createKey(await signUp(auth))
    const flipped = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")
    for (const bad of [
      flipped,
      "0".repeat(64),
      key.toUpperCase(),
      key.slice(1),
      `${key}0`,
      ` ${key}`,
      "",
      "\u0660",
    ]) {
      expect(await auth.authenticate(headersWith(bad))).toMatchObject(rejected)
    }
  })

  test("a user can't revoke another user's key or an unknown one", async () => {
    const [owner, stranger] = [await signUp(auth), await signUp(auth)]
    const { id, key } = await createKey(owner)
    for (const unknown of [id, randomUUID(), "no id", "\0", id.toUpperCase()]) {
      await expect(auth.apiKeys.revoke(stranger.caller, { id: unknown }, client)).rejects.toMatchObject({
        reason: "NOT_FOUND",
      })
    }
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
  })

  test("a key can revoke only itself", async () => {
    const user = await signUp(auth)
    const [one, two] = [await createKey(user), await createKey(user)]
    const { caller } = await auth.authenticate(withApiKey(one.key))
    if (!caller) throw new TypeError("not authenticated")

    await expect(auth.apiKeys.revoke(caller, { id: two.id }, client)).rejects.toMatchObject({
      reason: "FORBIDDEN",
    })
    await auth.apiKeys.revoke(caller, { id: one.id }, client)

    expect(await auth.authenticate(withApiKey(one.key))).toMatchObject(rejected)
    expect(await auth.authenticate(withApiKey(two.key))).toMatchObject({ caller: { apiKeyId: two.id } })
  })

  test("the limit of keys counts only active ones", async () => {
    const strict = createTestAuth(database.db, { maxKeysPerUser: 1 })
    const user = await signUp(strict)
    const { id } = await createKey(user, strict)
    await expect(createKey(user, strict)).rejects.toMatchObject({ reason: "KEY_LIMIT_REACHED" })

    await strict.apiKeys.revoke(user.caller, { id }, client)
    await createKey(user, strict)
  })

  test("on a warm server, verifying a credential runs no bcrypt and writes nothing", async () => {
    const warm = createTestAuth(database.db)
    const user = await signUp(warm)
    const keys = [await createKey(user, warm), await createKey(user, warm)]
    // Writes the collected `last_used_at` now, and nothing afterwards.
    await warm.close()
    const { id } = user.owner
    const rowVersions = () =>
      database.db.execute(sql`
        select xmin, ctid, id::text from owners where id = ${id} union all
        select xmin, ctid, id::text from sessions where user_id = ${id} union all
        select xmin, ctid, id::text from api_keys where owner_id = ${id} order by 3`)
    const before = await rowVersions()
    const compare = vi.spyOn(bcrypt, "compare")
    const hash = vi.spyOn(bcrypt, "hash")

    for (let round = 0; round < 50; round++) {
      const headers = [...keys.map(({ key }) => withApiKey(key)), user.headers]
      const results = await Promise.all(headers.map((header) => warm.authenticate(header)))
      for (const { caller } of results) expect(caller?.owner).toEqual(user.owner)
    }

    expect(compare).not.toHaveBeenCalled()
    expect(hash).not.toHaveBeenCalled()
    expect(await rowVersions()).toEqual(before)
    vi.restoreAllMocks()
  })

  test("`lastUsedAt` is written later, in the background", async () => {
    const other = createTestAuth(database.db)
    const user = await signUp(other)
    const { id, key } = await createKey(user, other)
    await other.authenticate(withApiKey(key))
    expect((await rowOf(id)).lastUsedAt).toBeNull()

    await other.close()

    expect((await rowOf(id)).lastUsedAt).toBeInstanceOf(Date)
  })

  test("rotating the server secret runs no bcrypt and renews receipts on use", async () => {
    const [old, fresh] = [newSecret(), newSecret()]
    const before = createTestAuth(database.db, { secrets: { current: old } })
    const user = await signUp(before)
    const { id, key } = await createKey(user, before)
    const compare = vi.spyOn(bcrypt, "compare")

    const both = createTestAuth(database.db, { secrets: { current: fresh, previous: [old] } })
    const stale = await rowOf(id)
    expect(await both.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await both.authenticate(user.headers)).toMatchObject({ caller: { via: "jwt" } })
    expect((await rowOf(id)).receiptSecretId).not.toBe(stale.receiptSecretId)

    const after = createTestAuth(database.db, { secrets: { current: fresh } })
    expect(await after.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await after.authenticate(user.headers)).toMatchObject(rejected)
    expect(compare).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  })

  test("after the server secret is lost, each key costs a single bcrypt, even for concurrent calls", async () => {
    const user = await signUp(auth)
    const { id, key } = await createKey(user)
    const wrong = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")
    const compare = vi.spyOn(bcrypt, "compare")
    const recovered = createTestAuth(database.db, { secrets: { current: newSecret() } })

    const results = await Promise.all(
      Array.from({ length: 20 }, () => recovered.authenticate(withApiKey(key))),
    )

    for (const result of results) expect(result).toMatchObject({ caller: { apiKeyId: id } })
    expect(compare).toHaveBeenCalledTimes(1)
    expect(await recovered.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await recovered.authenticate(withApiKey(wrong))).toMatchObject(rejected)
    expect(compare).toHaveBeenCalledTimes(1)
    vi.restoreAllMocks()
  })

  test("a wrong key is rejected by bcrypt if the row has no receipt, and adds none", async () => {
    const user = await signUp(auth)
    const { id, key } = await createKey(user)
    await database.db
      .update(table)
      .set({ receipt: null, receiptSecretId: null })
      .where(sql`${table.id} = ${id}`)
    const wrong = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")

    expect(await auth.authenticate(withApiKey(wrong))).toMatchObject(rejected)

    expect((await rowOf(id)).receipt).toBeNull()
    expect(await auth.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
  })

  test("100 concurrent calls with a key without a receipt are not counted as failures", async () => {
    const { id, key } = await createKey(await signUp(auth))
    await database.db
      .update(table)
      .set({ receipt: null, receiptSecretId: null })
      .where(sql`${table.id} = ${id}`)
    const strict = createTestAuth(database.db, { limits: { failedKeyChecks: { count: 1, seconds: 60 } } })
    const results = await Promise.all(
      Array.from({ length: 100 }, () => strict.authenticate(withApiKey(key), client)),
    )
    expect(results.every(({ caller }) => caller !== null)).toBe(true)
    await database.db
      .update(table)
      .set({ receipt: null, receiptSecretId: null })
      .where(sql`${table.id} = ${id}`)
    expect(await strict.authenticate(withApiKey(key), client)).toMatchObject({
      caller: { apiKeyId: id },
    })
  })

  test("a key revoked while its bcrypt runs is rejected and gets no receipt", async () => {
    const user = await signUp(auth)
    const { id, key } = await createKey(user)
    const recovered = createTestAuth(database.db)
    const { promise: revoked, resolve: open } = gate()
    const compare = bcrypt.compare.bind(bcrypt)
    const begun = new Promise<void>((resolve) => {
      vi.spyOn(bcrypt, "compare").mockImplementation(async (text: string | Buffer, hash: string) => {
        resolve()
        await revoked
        return compare(text, hash)
      })
    })

    const verdict = recovered.authenticate(withApiKey(key))
    await begun
    await auth.apiKeys.revoke(user.caller, { id }, client)
    open()

    expect(await verdict).toMatchObject(rejected)
    expect(await rowOf(id)).toMatchObject({ keyHash: null, receipt: null })
    vi.restoreAllMocks()
  })
})

/** `Headers` would refuse or trim some of these. */
const headersWith = (apiKey: string) =>
  ({ get: (name: string) => (name === "x-api-key" ? apiKey : null) }) as Headers
