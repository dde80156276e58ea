import { apiKeys as table } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { sql } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import { client, createTestAuth, gate, newSecret, signUp, withApiKey } from "../../../test/createTestAuth.ts"
import { useApiKeys } from "../../../test/useApiKeys.ts"

const rejected = { caller: null, problem: "invalid" }

describe.each(["PostgreSQL", "embedded"] as const)("verifying keys on %s", (kind) => {
  const { on, createKey, rowOf } = useApiKeys(kind)

  test("wrong, malformed and unknown keys are rejected in the same way", async () => {
    const { key } = await createKey(await signUp(on.auth))
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
      expect(await on.auth.authenticate(headersWith(bad))).toMatchObject(rejected)
    }
  })

  test("on a warm server, verifying a credential runs no bcrypt and writes nothing", async () => {
    const warm = createTestAuth(on.db)
    const user = await signUp(warm)
    const keys = [await createKey(user, warm), await createKey(user, warm)]
    // Writes the collected `last_used_at` now, and nothing afterwards.
    await warm.close()
    const { id } = user.owner
    const rowVersions = () =>
      on.db.execute(sql`
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
    const other = createTestAuth(on.db)
    const user = await signUp(other)
    const { id, key } = await createKey(user, other)
    await other.authenticate(withApiKey(key))
    expect((await rowOf(id)).lastUsedAt).toBeNull()

    await other.close()

    expect((await rowOf(id)).lastUsedAt).toBeInstanceOf(Date)
  })

  test("rotating the server secret runs no bcrypt and renews receipts on use", async () => {
    const [old, fresh] = [newSecret(), newSecret()]
    const before = createTestAuth(on.db, { secrets: { current: old } })
    const user = await signUp(before)
    const { id, key } = await createKey(user, before)
    const compare = vi.spyOn(bcrypt, "compare")

    const both = createTestAuth(on.db, { secrets: { current: fresh, previous: [old] } })
    const stale = await rowOf(id)
    expect(await both.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await both.authenticate(user.headers)).toMatchObject({ caller: { via: "jwt" } })
    expect((await rowOf(id)).receiptSecretId).not.toBe(stale.receiptSecretId)

    const after = createTestAuth(on.db, { secrets: { current: fresh } })
    expect(await after.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
    expect(await after.authenticate(user.headers)).toMatchObject(rejected)
    expect(compare).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  })

  test("after the server secret is lost, each key costs a single bcrypt, even for concurrent calls", async () => {
    const user = await signUp(on.auth)
    const { id, key } = await createKey(user)
    const wrong = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")
    const compare = vi.spyOn(bcrypt, "compare")
    const recovered = createTestAuth(on.db, { secrets: { current: newSecret() } })

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
    const user = await signUp(on.auth)
    const { id, key } = await createKey(user)
    await on.db.update(table).set({ receipt: null, receiptSecretId: null }).where(sql`${table.id} = ${id}`)
    const wrong = key.slice(0, 63) + (key.endsWith("0") ? "1" : "0")

    expect(await on.auth.authenticate(withApiKey(wrong))).toMatchObject(rejected)

    expect((await rowOf(id)).receipt).toBeNull()
    expect(await on.auth.authenticate(withApiKey(key))).toMatchObject({ caller: { apiKeyId: id } })
  })

  test("100 concurrent calls with a key without a receipt are not counted as failures", async () => {
    const { id, key } = await createKey(await signUp(on.auth))
    await on.db.update(table).set({ receipt: null, receiptSecretId: null }).where(sql`${table.id} = ${id}`)
    const strict = createTestAuth(on.db, { limits: { failedKeyChecks: { count: 1, seconds: 60 } } })
    const results = await Promise.all(
      Array.from({ length: 100 }, () => strict.authenticate(withApiKey(key), client)),
    )
    expect(results.every(({ caller }) => caller !== null)).toBe(true)
    await on.db.update(table).set({ receipt: null, receiptSecretId: null }).where(sql`${table.id} = ${id}`)
    expect(await strict.authenticate(withApiKey(key), client)).toMatchObject({
      caller: { apiKeyId: id },
    })
  })

  test("a key revoked while its bcrypt runs is rejected and gets no receipt", async () => {
    const user = await signUp(on.auth)
    const { id, key } = await createKey(user)
    const recovered = createTestAuth(on.db)
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
    await on.auth.apiKeys.revoke(user.caller, { id }, client)
    open()

    expect(await verdict).toMatchObject(rejected)
    expect(await rowOf(id)).toMatchObject({ keyHash: null, receipt: null })
    vi.restoreAllMocks()
  })
})

/** `Headers` would refuse or trim some of these. */
const headersWith = (apiKey: string) =>
  ({ get: (name: string) => (name === "x-api-key" ? apiKey : null) }) as Headers
