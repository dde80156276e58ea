import { randomUUID } from "node:crypto"
import { apiKeys as table } from "@latchkey/db/schema"
import { eq, sql } from "drizzle-orm"
import { describe, expect, test } from "vitest"
import { client, signUp } from "../../test/createTestAuth.ts"
import { useRotation } from "../../test/useRotation.ts"

const DAY = 86_400_000

const inDays = (days: number) => new Date(Date.now() + days * DAY)

/** As `inDays`; null and undefined stay. */
const maybeInDays = <None>(days: number | None) => (typeof days === "number" ? inDays(days) : days)

const secondsUntil = (time: Date | null) => ((time?.getTime() ?? Number.NaN) - Date.now()) / 1_000

describe.each(["PostgreSQL", "embedded"] as const)("rotation on %s", (kind) => {
  const use = useRotation(kind)
  const { accepted, eventsOf, get, newKey, rotate, set } = use

  test("the new key has the old one's settings, and every instance accepts both during the grace period", async () => {
    const restrictions = { scopes: ["reports:read"], rateLimit: { limit: 9, window: 60 } }
    const old = await newKey({ ...restrictions, expiresAt: inDays(30) })
    const { key, ...created } = await rotate(old)

    expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(created).toEqual({
      ...{ id: expect.any(String), label: "nightly import", start: key.slice(0, 8), ...restrictions },
      ...{ allowedIps: null, metadata: null, locked: false, disabled: false },
      ...{ expiresAt: old.expiresAt, createdBy: old.createdBy, createdAt: expect.any(Date) },
      ...{ replaces: old.id, replacedBy: null },
    })
    for (const secret of [old.key, key]) expect(await accepted(secret)).toEqual([true, true])
    await use.auth.flush()

    const replaced = await get(old, old.id)
    expect(replaced).toMatchObject({ replaces: null, replacedBy: created.id, revokedAt: null })
    expect(replaced.lastUsedAt).not.toBeNull()
    expect(secondsUntil(replaced.expiresAt)).toBeGreaterThan(86_000)
    expect(secondsUntil(replaced.expiresAt)).toBeLessThanOrEqual(86_401)
    const { items } = await use.auth.apiKeys.list(old.owner, { cursor: null, limit: 10 })
    expect(items.map(({ id }) => id)).toEqual([created.id, old.id])
  })

  test("without a grace period, no instance accepts the old key any more, and nothing is left of its secret", async () => {
    const old = await newKey()
    expect(await accepted(old.key)).toEqual([true, true])
    const created = await rotate(old, { grace: 0 })

    expect(await accepted(old.key)).toEqual([false, false])
    expect(await accepted(created.key)).toEqual([true, true])
    expect(await get(old, old.id)).toMatchObject({ replacedBy: created.id, revokedAt: expect.any(Date) })
    const [row] = await use.db.select().from(table).where(eq(table.id, old.id))
    expect(row).toMatchObject({ keyHash: null, receipt: null, receiptSecretId: null })
  })

  test("the old key ends at its own expiry if that comes before the end of the grace period", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000)
    const old = await newKey({ expiresAt })
    expect(await rotate(old)).toMatchObject({ expiresAt })
    expect((await get(old, old.id)).expiresAt).toEqual(expiresAt)
  })

  test("the old key is rejected once the grace period is over", async () => {
    const old = await newKey()
    const created = await rotate(old, { grace: 60 })
    await set(old.id, { expiresAt: sql`${table.expiresAt} - interval '1 minute'` })
    expect(await accepted(old.key)).toEqual([false, false])
    expect(await accepted(created.key)).toEqual([true, true])
  })

  test.each([
    ["is the old one's", 30, undefined, 30],
    ["can be another", 30, 60, 60],
    ["can be never", 30, null, null],
    ["is never if the old one has none", null, undefined, null],
  ])("the expiry %s", async (_, before, chosen, after) => {
    const old = await newKey({ expiresAt: maybeInDays(before) })
    const created = await rotate(old, { expiresAt: maybeInDays(chosen) })
    if (after === null) return expect(created.expiresAt).toBeNull()
    expect(secondsUntil(created.expiresAt) / 86_400).toBeCloseTo(after, 2)
  })

  test("the maximum lifetime counts from the rotation, and limits the expiry that the new key takes over", async () => {
    const strict = use.open({ maxKeyLifetimeDays: 30 })
    for (const expiresAt of [null, inDays(90)]) {
      const created = await rotate(await newKey({ expiresAt }), {}, strict)
      const days = secondsUntil(created.expiresAt) / 86_400
      expect(days).toBeGreaterThan(29.9)
      expect(days).toBeLessThan(31)
    }
    const old = await newKey({ expiresAt: inDays(10) })
    for (const expiresAt of [null, inDays(32)]) {
      await expect(rotate(old, { expiresAt }, strict)).rejects.toMatchObject({ field: "expiresAt" })
    }
    expect(await rotate(old, {}, strict)).toMatchObject({ expiresAt: old.expiresAt })
  })

  test("an expiry in the past is refused", async () => {
    const old = await newKey()
    await expect(rotate(old, { expiresAt: new Date(0) })).rejects.toMatchObject({ field: "expiresAt" })
    expect(await get(old, old.id)).toMatchObject({ replacedBy: null, expiresAt: null })
  })

  test("a disabled key is replaced by a disabled one, which an update enables", async () => {
    const old = await newKey({ allowedIps: ["192.0.2.0/24"] })
    await use.auth.apiKeys.update(old.caller, { id: old.id, disabled: true }, client)
    const created = await rotate(old)
    expect(created).toMatchObject({ disabled: true, allowedIps: ["192.0.2.0/24"] })
    expect(await accepted(created.key)).toEqual([false, false])
    const change = { id: created.id, disabled: false, allowedIps: null }
    await use.auth.apiKeys.update(old.caller, change, client)
    expect(await accepted(created.key)).toEqual([true, true])
  })

  test("replacing the new key revokes the oldest at once, and the trail records it", async () => {
    const first = await newKey()
    const second = await rotate(first)
    const third = await rotate({ ...first, id: second.id })

    expect(await accepted(first.key)).toEqual([false, false])
    for (const { key } of [second, third]) expect(await accepted(key)).toEqual([true, true])
    expect(await get(first, first.id)).toMatchObject({ revokedAt: expect.any(Date) })
    const { expiresAt } = await get(first, second.id)
    const subject = { id: first.id, label: "nightly import" }
    expect(await eventsOf(first)).toMatchObject([
      { kind: "apiKeyCreated", subject },
      {
        ...{ kind: "apiKeyRotated", subject, via: "session", credentialId: first.session.sessionId },
        changes: { replacedBy: { from: null, to: second.id }, expiresAt: { from: null } },
      },
      { kind: "apiKeyRevoked", subject },
      {
        ...{ kind: "apiKeyRotated", subject: { id: second.id } },
        changes: {
          replacedBy: { from: null, to: third.id },
          expiresAt: { from: null, to: expiresAt?.toISOString() },
        },
      },
    ])
    expect(JSON.stringify(await eventsOf(first))).not.toContain(third.key.slice(8))
  })

  test("a key is replaced once; revoked, expired and others' keys are not found", async () => {
    const old = await newKey()
    await rotate(old)
    await expect(rotate(old)).rejects.toMatchObject({ reason: "ALREADY_REPLACED" })
    const notFound = { reason: "NOT_FOUND" }
    await set(old.id, { expiresAt: sql`now()` })
    await expect(rotate(old)).rejects.toMatchObject(notFound)
    const revoked = await newKey()
    await use.auth.apiKeys.revoke(revoked.caller, revoked, client)
    await expect(rotate(revoked)).rejects.toMatchObject(notFound)
    const expired = await newKey()
    await set(expired.id, { expiresAt: sql`now()` })
    await expect(rotate(expired)).rejects.toMatchObject(notFound)

    const [theirs, stranger] = [await newKey(), await signUp(use.auth)]
    for (const id of [theirs.id, randomUUID(), "no-id"]) {
      await expect(rotate({ ...stranger, id })).rejects.toMatchObject(notFound)
    }
    expect(await get(theirs, theirs.id)).toMatchObject({ replacedBy: null })
  })

  test("rotation works at the limit of keys, towards which replaced keys don't count", async () => {
    const limited = use.open({ maxKeysPerUser: 1 })
    const old = await newKey()
    const full = { reason: "KEY_LIMIT_REACHED" }
    const create = () => limited.apiKeys.create(old.caller, { label: "x" }, client)
    await expect(create()).rejects.toMatchObject(full)
    const created = await rotate(old, {}, limited)
    await expect(create()).rejects.toMatchObject(full)
    await rotate({ ...old, id: created.id }, {}, limited)
    await expect(create()).rejects.toMatchObject(full)
  })

  test("a replaced key counts towards the limit of keys once the key that replaces it has ended", async () => {
    const limited = use.open({ maxKeysPerUser: 1 })
    const full = { reason: "KEY_LIMIT_REACHED" }
    const revoked = await newKey()
    const first = await rotate(revoked, { grace: 60 }, limited)
    await use.auth.apiKeys.revoke(revoked.caller, { id: first.id }, client)
    const expired = await newKey()
    const second = await rotate(expired, { grace: 60 }, limited)
    await set(second.id, { expiresAt: sql`now()` })
    for (const { caller, id, key } of [revoked, expired]) {
      expect(await accepted(key)).toEqual([true, true])
      await expect(limited.apiKeys.create(caller, { label: "x" }, client)).rejects.toMatchObject(full)
      await use.auth.apiKeys.revoke(caller, { id }, client)
      await limited.apiKeys.create(caller, { label: "x" }, client)
    }
  })

  test("an imported key is replaced by one in Latchkey's own format", async () => {
    const old = await newKey({ scopes: ["reports:read"] })
    await set(old.id, {
      ...{ lookupId: null, importedStart: "sk_live_ab", importedLength: 40 },
      checks: ["imported", "scopes", "moonPhase"],
    })
    const created = await rotate(old)
    expect(created).toMatchObject({ start: created.key.slice(0, 8), scopes: ["reports:read"] })
    const [row] = await use.db.select().from(table).where(eq(table.id, created.id))
    expect(row).toMatchObject({ importedStart: null, importedLength: null, hashKind: "bcrypt" })
    // What only a newer version checks, it still has to check.
    expect(row?.checks).toEqual(["moonPhase", "scopes"])
  })

  test("one of several concurrent rotations replaces the key", async () => {
    const old = await newKey()
    const results = await Promise.allSettled(
      [use.auth, use.other, use.auth, use.other].map((by) => rotate(old, {}, by)),
    )
    const created = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))
    const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason.reason] : []))
    expect(created).toHaveLength(1)
    expect(reasons).toEqual(Array(3).fill("ALREADY_REPLACED"))
    expect(await get(old, old.id)).toMatchObject({ replacedBy: created[0]?.id })
  })
})
