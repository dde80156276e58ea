import { createHash, randomBytes } from "node:crypto"
import { availableParallelism } from "node:os"
import { setImmediate } from "node:timers/promises"
import { apiKeys } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { eq } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import { client, gate, withApiKey } from "../../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../../test/importLines.ts"
import { holdCompare, useImportedKeys, verdictOf } from "../../../test/useImportedKeys.ts"
import { asHost } from "../../../test/useOwners.ts"

describe.each(["PostgreSQL", "embedded"] as const)("imported keys on %s", (kind) => {
  const { importOne, open, use } = useImportedKeys(kind)

  test("are revoked when somebody reports them as leaked, from whatever address", async () => {
    const auth = open()
    const key = newForeignKey()
    const { row, owner } = await importOne(key)
    await use.db
      .update(apiKeys)
      .set({ allowedIps: ["192.0.2.1/32"], checks: [...row.checks, "allowedIps"] })
      .where(eq(apiKeys.id, row.id))
    await auth.reportLeakedKey(`${key}0`, client)
    expect(await verdictOf(auth, withApiKey(key))).toBe("address")
    await auth.reportLeakedKey(key, client)
    expect(await verdictOf(auth, withApiKey(key))).toBe("unknown")
    const { items } = await auth.audit.list(owner, { cursor: null, limit: 10 })
    expect(items.map((event) => event.kind)).toContain("apiKeyLeaked")
  })

  test.each([
    ["has expired", { expiresAt: "2020-01-01T00:00:00Z" }],
    ["is disabled", { disabled: true }],
    ["is of an issuer that the instance does not serve", { issuer: "https://elsewhere.example.com" }],
  ])("end when somebody reports one as leaked that was never used and %s", async (_, values) => {
    const auth = open()
    for (const hash of ["bcrypt", "sha256"]) {
      const key = newForeignKey()
      const sha256 = { keyHash: `sha256:${createHash("sha256").update(key).digest("hex")}` }
      const { row } = await importOne(key, { ...values, ...(hash === "sha256" && sha256) })
      await auth.reportLeakedKey(`${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`, client)
      const revokedAt = async () =>
        (await use.db.select().from(apiKeys).where(eq(apiKeys.id, row.id)))[0]?.revokedAt
      expect(await revokedAt()).toBeNull()
      await auth.reportLeakedKey(key, client)
      expect(await revokedAt()).toEqual(expect.any(Date))
    }
  })

  test("cost no bcrypt if no row has their length", async () => {
    const auth = open()
    const key = newForeignKey()
    await importOne(key)
    const compare = vi.spyOn(bcrypt, "compare")
    expect(await verdictOf(auth, withApiKey(`${key}0`))).toBe("unknown")
    expect(await verdictOf(auth, withApiKey(key.slice(0, -1)))).toBe("unknown")
    expect(compare).not.toHaveBeenCalled()
  })

  test("have limited failures for each start over all addresses, and a separate queue", async () => {
    const auth = open({ limits: { failedImportedKeyChecks: { count: 3, seconds: 60 } } })
    const key = newForeignKey()
    const { line } = await importOne(key)
    const guess = () => key.slice(0, 16) + randomBytes(12).toString("hex")
    for (let number = 1; number <= 3; number++) {
      expect(
        (await auth.authenticate(withApiKey(guess()), { address: `192.0.2.${number}` })).caller,
      ).toBeNull()
    }
    await expect(auth.authenticate(withApiKey(guess()), { address: "198.51.100.1" })).rejects.toMatchObject({
      reason: "UNAVAILABLE",
    })
    // Without a verdict, a key is not rejected.
    await expect(auth.authenticate(withApiKey(key))).rejects.toMatchObject({ reason: "UNAVAILABLE" })
    // The budget of another process, with the same secret, is another one. The receipt then serves both.
    expect(await verdictOf(open(), withApiKey(key))).toBe(line.subject)
    expect(await verdictOf(auth, withApiKey(key))).toBe(line.subject)
  })

  test("get 503 when their queue is full, while Latchkey's own keys keep working", async () => {
    const auth = open()
    const native = await use.createKey(asHost({ subject: "org_native" }))
    await use.db
      .update(apiKeys)
      .set({ receipt: null, receiptSecretId: null })
      .where(eq(apiKeys.id, native.id))
    const held = gate()
    const compare = bcrypt.compare.bind(bcrypt)
    vi.spyOn(bcrypt, "compare").mockImplementation(async (text: string | Buffer, hash: string) => {
      if (String(text).startsWith("sk_live_")) await held.promise
      return compare(text, hash)
    })
    const keys = Array.from({ length: 20 + 12 * availableParallelism() }, newForeignKey)
    const lines = await Promise.all(keys.map((key) => lineOf(key)))
    await importLines(use.db, lines)
    const calls = keys.map((key) => auth.authenticate(withApiKey(key)).then(({ caller }) => caller !== null))
    const settled = Promise.allSettled(calls)
    expect(await verdictOf(auth, withApiKey(native.key))).toBe("org_native")
    held.resolve()
    const results = await settled
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const error of refused) expect(error).toMatchObject({ reason: "UNAVAILABLE", retryAfter: 1 })
    const accepted = results.filter((result) => result.status === "fulfilled")
    expect(accepted.every((result) => result.value)).toBe(true)
  })

  test("a key that is revoked during its first bcrypt is rejected, and gets no receipt", async () => {
    const auth = open()
    const key = newForeignKey()
    const { line, row } = await importOne(key)
    const caller = await use.callerOf(asHost({ subject: line.subject }), auth)
    const { begun, held } = holdCompare()
    const verdict = verdictOf(auth, withApiKey(key))
    await begun.promise
    await auth.apiKeys.revoke(caller, { id: row.id }, client)
    held.resolve()
    expect(await verdict).toBe("mismatch")
    const [after] = await use.db.select().from(apiKeys).where(eq(apiKeys.id, row.id))
    expect(after).toMatchObject({ keyHash: null, receipt: null })
  })

  test.each([
    ["disabled", { disabled: true }, null],
    ["bound to other addresses", { allowedIps: ["192.0.2.0/24"] }, null],
    ["left without scopes", { scopes: [] }, []],
  ])("a key that is %s during its first bcrypt is so for every later call", async (_, change, scopes) => {
    const auth = open({ scopes: ["reports:read"] })
    const key = newForeignKey()
    const { line, row } = await importOne(key, { scopes: ["reports:read"], lock: false })
    await importOne(key.slice(0, 16) + randomBytes(12).toString("hex"))
    const caller = await use.callerOf(asHost({ subject: line.subject }), auth)
    const [begun, joining, held] = [gate(), gate(), gate()]
    const compare = bcrypt.compare.bind(bcrypt)
    vi.spyOn(bcrypt, "compare").mockImplementation(async (text: string | Buffer, hash: string) => {
      begun.resolve()
      await held.promise
      return compare(text, hash)
    })
    const earlier = auth.authenticate(withApiKey(key))
    await begun.promise
    await auth.apiKeys.update(caller, { id: row.id, ...change }, client)
    const later = auth.authenticate(withApiKey(key), {
      address: "198.51.100.1",
      // Read when the rows have been, and before a bcrypt of the same key is shared.
      get mayCompare() {
        joining.resolve()
        return Promise.resolve()
      },
    })
    await joining.promise
    await setImmediate()
    held.resolve()
    expect((await earlier).caller?.scopes).toEqual(["reports:read"])
    expect((await later).caller?.scopes ?? null).toEqual(scopes)
  })
})
