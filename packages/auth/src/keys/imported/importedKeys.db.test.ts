import { createHash, randomBytes, randomUUID } from "node:crypto"
import { apiKeys, auditEvents, owners } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import { client, signUp, withApiKey } from "../../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../../test/importLines.ts"
import { bearerOf, useImportedKeys, verdictOf } from "../../../test/useImportedKeys.ts"
import { asHost } from "../../../test/useOwners.ts"
import { ownerIdOf } from "../../identities/ownerIdOf.ts"

describe.each(["PostgreSQL", "embedded"] as const)("imported keys on %s", (kind) => {
  const { importOne, open, use } = useImportedKeys(kind)

  test("are accepted in both headers, for their owner, with one bcrypt for all calls", async () => {
    const auth = open()
    const key = newForeignKey()
    const { line, row } = await importOne(key, { scopes: ["reports:read"], metadata: { plan: "pro" } })
    const compare = vi.spyOn(bcrypt, "compare")
    expect(await verdictOf(auth, withApiKey(key))).toBe(line.subject)
    expect(await verdictOf(auth, bearerOf(key))).toBe(line.subject)
    expect(await verdictOf(open(), bearerOf(key))).toBe(line.subject)
    const { caller } = await auth.introspect(key)
    expect(caller).toMatchObject({ scopes: ["reports:read"], apiKeyId: row.id, metadata: { plan: "pro" } })
    expect(compare).toHaveBeenCalledTimes(1)
    const [event] = await use.db.select().from(auditEvents).where(eq(auditEvents.subjectId, row.id))
    expect(event).toMatchObject({ kind: "apiKeyImported", via: "server", subjectLabel: "old key" })
  })

  test("are not keys for a server without their prefixes, and other formats are left to the host", async () => {
    const key = newForeignKey()
    await importOne(key)
    expect(await verdictOf(use.here, withApiKey(key))).toBe("malformed")
    const identified = new Headers({ ...Object.fromEntries(asHost({ subject: "org_host" })) })
    identified.set("authorization", `Bearer ${key}`)
    expect(await verdictOf(use.here, identified)).toBe("org_host")
    expect(await verdictOf(open(), identified)).not.toBe("org_host")
  })

  test("without a common prefix are accepted only as X-API-Key and by introspection", async () => {
    const auth = open({ importedKeyPrefixes: ["*"] })
    const key = randomBytes(32).toString("hex")
    const { line } = await importOne(key, { start: key.slice(0, 12) })
    expect(await verdictOf(auth, withApiKey(key))).toBe(line.subject)
    const odd = `~${randomBytes(24).toString("base64url")}`
    const other = await importOne(odd, { start: odd.slice(0, 8) })
    expect(await verdictOf(auth, withApiKey(odd))).toBe(other.line.subject)
    expect((await auth.introspect(odd)).caller?.owner.subject).toBe(other.line.subject)
    expect((await auth.authenticate(bearerOf(odd))).caller).toBeNull()
  })

  test("with the same start are told apart, and a wrong one is rejected", async () => {
    const auth = open()
    const start = newForeignKey().slice(0, 16)
    const keys = Array.from({ length: 5 }, () => start + randomBytes(12).toString("hex"))
    const lines = await Promise.all(keys.map((key) => lineOf(key)))
    expect(await importLines(use.db, lines)).toMatchObject({ imported: 5 })
    for (const [index, key] of keys.entries()) {
      expect(await verdictOf(auth, withApiKey(key))).toBe(lines[index]?.subject)
    }
    const compare = vi.spyOn(bcrypt, "compare")
    for (const key of keys) await verdictOf(auth, withApiKey(key))
    // All have receipts, so a guess costs no bcrypt.
    expect(await verdictOf(auth, withApiKey(start + randomBytes(12).toString("hex")))).toBe("mismatch")
    expect(compare).not.toHaveBeenCalled()
  })

  test("are found by administrators by their start, even if the search is a whole key", async () => {
    const key = newForeignKey()
    const { row } = await importOne(key)
    await importOne(newForeignKey())
    const find = async (search: string) => {
      const page = { cursor: null, limit: 100, status: "all", userId: null, search } as const
      return (await use.here.admin.apiKeys.list(page)).items.map(({ id }) => id)
    }
    for (const search of [key.slice(0, 16), key.slice(0, 14), key]) {
      expect(await find(search), search.slice(0, 16)).toEqual([row.id])
    }
    expect((await find("sk_l")).length).toBeGreaterThan(1)
    expect(await find("sk_live_%")).toEqual([])
    expect(await find("k_live_")).toEqual([])
  })

  test("can be listed, changed, disabled and revoked, and the same file never brings them back", async () => {
    const auth = open()
    const key = newForeignKey()
    const { line, row, owner } = await importOne(key, {
      createdAt: "2020-01-02T03:04:05Z",
      lastUsedAt: "2024-01-02T03:04:05.000Z",
    })
    const caller = await use.callerOf(asHost({ subject: line.subject }), auth)
    const { items } = await auth.apiKeys.list(owner, { limit: 10, cursor: null })
    expect(items).toMatchObject([
      {
        id: row.id,
        start: key.slice(0, 16),
        createdAt: new Date("2020-01-02T03:04:05Z"),
        lastUsedAt: new Date("2024-01-02T03:04:05Z"),
      },
    ])
    await auth.apiKeys.update(caller, { id: row.id, disabled: true }, client)
    expect(await verdictOf(auth, withApiKey(key))).toBe("unknown")
    await auth.apiKeys.update(caller, { id: row.id, disabled: false, label: "renamed" }, client)
    expect(await verdictOf(auth, withApiKey(key))).toBe(line.subject)

    expect(await importLines(use.db, [line])).toMatchObject({ imported: 0, present: 1 })
    await auth.apiKeys.revoke(caller, { id: row.id }, client)
    expect(await verdictOf(auth, withApiKey(key))).toBe("unknown")
    expect(await importLines(use.db, [line])).toMatchObject({ imported: 0, present: 0, revoked: 1 })
    expect(await verdictOf(auth, withApiKey(key))).toBe("unknown")
  })

  test("respect expiry, IP lists, disabled owners, and the issuers that a server serves", async () => {
    const auth = open()
    const expired = newForeignKey()
    await importOne(expired, { expiresAt: "2020-01-01T00:00:00Z" })
    expect(await verdictOf(auth, withApiKey(expired))).toBe("unknown")

    const bound = newForeignKey()
    await importOne(bound, { allowedIps: ["192.0.2.0/24"] })
    expect(await verdictOf(auth, withApiKey(bound))).toBe("address")
    const client = { address: "192.0.2.7", knownAddress: "192.0.2.7" }
    expect((await auth.authenticate(withApiKey(bound), client)).caller).not.toBeNull()

    const elsewhere = newForeignKey()
    await importOne(elsewhere, { issuer: "https://elsewhere.example.com" })
    expect(await verdictOf(auth, withApiKey(elsewhere))).toBe("unknown")

    const orphan = newForeignKey()
    const { owner } = await importOne(orphan)
    expect(await verdictOf(auth, withApiKey(orphan))).toBe(owner.subject)
    await use.db.update(owners).set({ disabledAt: sql`now()` }).where(eq(owners.id, owner.id))
    expect(await verdictOf(auth, withApiKey(orphan))).toBe("ownerDisabled")
  })

  test("with a SHA-256 are found by it, whatever their start and length", async () => {
    const auth = open({ importedKeyPrefixes: ["acme_"] })
    const keys = Array.from({ length: 8 }, () => `acme_${randomBytes(40).toString("hex")}`)
    const lines = keys.map((key) => ({
      subject: `org_${randomUUID()}`,
      label: "old key",
      keyHash: `sha256:${createHash("sha256").update(key).digest("base64url")}`,
      start: "acme_",
      keyLength: 85,
    }))
    expect(await importLines(use.db, lines)).toMatchObject({ imported: 8, refused: 0 })
    const compare = vi.spyOn(bcrypt, "compare")
    for (const [index, key] of keys.entries()) {
      expect(await verdictOf(auth, bearerOf(key))).toBe(lines[index]?.subject)
      expect(await verdictOf(auth, bearerOf(key))).toBe(lines[index]?.subject)
    }
    expect(await verdictOf(auth, bearerOf(`acme_${randomBytes(40).toString("hex")}`))).toBe("unknown")
    expect(compare).not.toHaveBeenCalled()
    const [row] = await use.db
      .select()
      .from(apiKeys)
      .where(eq(apiKeys.ownerId, ownerIdOf({ issuer: "host", subject: lines[0]?.subject ?? "" })))
    expect(row?.receipt).not.toBeNull()
  })

  test("of issuer latchkey must belong to existing accounts", async () => {
    const auth = open()
    const { owner } = await signUp(auth)
    const key = newForeignKey()
    const own = await lineOf(key, { issuer: "latchkey", subject: owner.id })
    const none = await lineOf(newForeignKey(), { issuer: "latchkey", subject: randomUUID() })
    expect(await importLines(use.db, [own, none])).toMatchObject({
      imported: 1,
      refusals: ["2 subject: there is no such account"],
    })
    expect((await auth.authenticate(withApiKey(key))).caller?.owner.id).toBe(owner.id)
  })
})
