import { createHash, randomBytes, randomUUID } from "node:crypto"
import { availableParallelism } from "node:os"
import { apiKeys, auditEvents, owners } from "@latchkey/db/schema"
import bcrypt from "bcrypt"
import { eq, sql } from "drizzle-orm"
import { afterEach, describe, expect, test, vi } from "vitest"
import { client, gate, signUp, withApiKey } from "../../../test/createTestAuth.ts"
import { importLines, lineOf, newForeignKey } from "../../../test/importLines.ts"
import { asHost, useOwners } from "../../../test/useOwners.ts"
import type { Auth } from "../../createAuth.ts"
import { ownerIdOf } from "../../identities/ownerIdOf.ts"

const bearerOf = (key: string) => new Headers({ authorization: `Bearer ${key}` })

describe.each(["PostgreSQL", "embedded"] as const)("imported keys on %s", (kind) => {
  const use = useOwners(kind)
  const options = { importedKeyPrefixes: ["sk_live_"] }
  const open = (more: Parameters<typeof use.open>[0] = {}) => use.open({ ...options, ...more })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  async function importOne(key: string, values: Parameters<typeof lineOf>[1] = {}) {
    const line = await lineOf(key, values)
    expect(await importLines(use.db, [line])).toMatchObject({ imported: 1, refused: 0 })
    const owner = { issuer: line.issuer ?? "host", subject: line.subject }
    const [row] = await use.db
      .select()
      .from(apiKeys)
      .where(eq(apiKeys.ownerId, ownerIdOf(owner)))
      .limit(1)
    if (!row) throw new TypeError("no row")
    return { line, row, owner: { ...owner, id: ownerIdOf(owner) } }
  }

  const verdictOf = async (auth: Auth, headers: Headers) => {
    const { caller, ...rest } = await auth.authenticate(headers)
    return caller ? caller.owner.subject : "cause" in rest ? rest.cause : "none"
  }

  test("are accepted at both doors, for their owner, with one bcrypt for all calls", async () => {
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

  test("are no keys for a server that is not told how they begin, and foreign forms stay the host's", async () => {
    const key = newForeignKey()
    await importOne(key)
    expect(await verdictOf(use.here, withApiKey(key))).toBe("malformed")
    const identified = new Headers({ ...Object.fromEntries(asHost({ subject: "org_host" })) })
    identified.set("authorization", `Bearer ${key}`)
    expect(await verdictOf(use.here, identified)).toBe("org_host")
    expect(await verdictOf(open(), identified)).not.toBe("org_host")
  })

  test("without a common beginning are accepted as X-API-Key and by introspection alone", async () => {
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

  test("that begin alike are told apart, and a wrong one is rejected", async () => {
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

  test("end when somebody reports them as leaked, from whatever address", async () => {
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

  test("cost no bcrypt if no row has their length", async () => {
    const auth = open()
    const key = newForeignKey()
    await importOne(key)
    const compare = vi.spyOn(bcrypt, "compare")
    expect(await verdictOf(auth, withApiKey(`${key}0`))).toBe("unknown")
    expect(await verdictOf(auth, withApiKey(key.slice(0, -1)))).toBe("unknown")
    expect(compare).not.toHaveBeenCalled()
  })

  test("are limited in failures for each start over all addresses, in a queue of their own", async () => {
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

  test("are 503 when their queue is full, while keys of this form go on", async () => {
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
  }, 30_000)

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

  test("obey expiry, IP lists, their owner's end, and the issuers that a server serves", async () => {
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

  test("with a SHA-256 are found by it, however their start looks and long they are", async () => {
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

  test("can belong to existing accounts, and to no others of issuer latchkey", async () => {
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

  test("a key that is imported while it is presented is accepted once the import has ended", async () => {
    const auth = open()
    // So that the instance knows some lengths of starts, but not this one.
    await verdictOf(auth, withApiKey(newForeignKey()))
    const key = `sk_live_${randomBytes(20).toString("hex")}`
    const line = await lineOf(key, { start: key.slice(0, 11 + kind.length) })
    const presented: string[] = []
    const importing = importLines(use.db, [line])
    let isDone = false
    void importing.then(() => {
      isDone = true
    })
    while (!isDone) presented.push(await verdictOf(auth, withApiKey(key)))
    expect(await importing).toMatchObject({ imported: 1 })
    expect(await verdictOf(auth, withApiKey(key))).toBe(line.subject)
    for (const verdict of presented) expect(["unknown", line.subject]).toContain(verdict)
  })

  test("a key that is revoked during its first bcrypt is rejected, and gets no receipt", async () => {
    const auth = open()
    const key = newForeignKey()
    const { line, row } = await importOne(key)
    const caller = await use.callerOf(asHost({ subject: line.subject }), auth)
    const [begun, held] = [gate(), gate()]
    const compare = bcrypt.compare.bind(bcrypt)
    vi.spyOn(bcrypt, "compare").mockImplementation(async (text: string | Buffer, hash: string) => {
      begun.resolve()
      await held.promise
      return compare(text, hash)
    })
    const verdict = verdictOf(auth, withApiKey(key))
    await begun.promise
    await auth.apiKeys.revoke(caller, { id: row.id }, client)
    held.resolve()
    expect(await verdict).toBe("mismatch")
    const [after] = await use.db.select().from(apiKeys).where(eq(apiKeys.id, row.id))
    expect(after).toMatchObject({ keyHash: null, receipt: null })
  })

  test("refuse a start's sixth row, a ninth length of start and an erased owner, also in a dry run", async () => {
    const start = newForeignKey().slice(0, 16)
    const sixth = await Promise.all(
      Array.from({ length: 6 }, () => lineOf(start + randomBytes(12).toString("hex"))),
    )
    const refusal = ["6 start: there are 5 keys with this start already; give more characters of it"]
    const counted = { imported: 5, refused: 1, refusals: refusal }
    expect(await importLines(use.db, sixth, { isTrial: true })).toMatchObject(counted)
    expect(await importLines(use.db, sixth)).toMatchObject(counted)
    expect(await importLines(use.db, sixth, { isTrial: true })).toMatchObject({ imported: 0, present: 5 })

    const lengths = await Promise.all(
      [9, 10, 11, 12, 13, 14, 15, 17, 18].map((length) => {
        const key = `${newForeignKey()}00`
        return lineOf(key, { start: key.slice(0, length) })
      }),
    )
    const result = await importLines(use.db, lengths, { isTrial: true })
    expect(result.refusals.at(-1)).toMatch(/^9 start: there are starts of 8 other lengths already$/)

    const erased = { issuer: "host", subject: `org_${randomUUID()}` }
    await use.db
      .insert(owners)
      .values({ ...erased, id: ownerIdOf(erased), disabledAt: sql`now()`, erasedAt: sql`now()` })
    const line = await lineOf(newForeignKey(), erased)
    expect((await importLines(use.db, [line])).refusals).toEqual(["1 subject: this owner has been erased"])
  })
})
