import { randomUUID } from "node:crypto"
import { apiKeys as table } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { eq, sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { client, createTestAuth, newSecret, signUp, withApiKey } from "../../test/createTestAuth.ts"
import { newSubject, SCOPES, trusted, useOwners } from "../../test/useOwners.ts"
import type { Auth } from "../createAuth.ts"
import type { Caller } from "../identities/caller.ts"
import type { Rotation } from "./rotation.ts"

const secrets = { current: newSecret() }
const scopes = ["reports:read", "reports:write"]
const DAY = 86_400_000

const inDays = (days: number) => new Date(Date.now() + days * DAY)

/** As `inDays`; null and undefined stay. */
const maybeInDays = <None>(days: number | None) => (typeof days === "number" ? inDays(days) : days)

describe.each(["PostgreSQL", "embedded"] as const)("rotation on %s", (kind) => {
  let database: OpenTestDatabase
  let auth: Auth
  let other: Auth
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    auth = createTestAuth(database.db, { secrets, scopes })
    other = createTestAuth(database.db, { secrets, scopes })
  })
  afterAll(() => database[Symbol.asyncDispose]())

  type Input = Omit<Parameters<Auth["apiKeys"]["create"]>[1], "label">

  async function newKey(input: Input = {}) {
    const user = await signUp(auth)
    const created = await auth.apiKeys.create(user.caller, { label: "nightly import", ...input }, client)
    return { ...user, ...created }
  }

  const rotate = (
    { caller, id }: { caller: Caller; id: string },
    { grace = 86_400, ...input }: Partial<Rotation> = {},
    by = auth,
  ) => by.apiKeys.rotate(caller, { id, grace, ...input }, client)

  const get = ({ owner }: Pick<Caller, "owner">, id: string) => auth.apiKeys.get(owner, { id })

  /** Whether each instance accepts a key. */
  const accepted = (key: string) =>
    Promise.all(
      [auth, other].map(async (instance) => {
        const { caller } = await instance.authenticate(withApiKey(key), { ...client })
        return caller !== null
      }),
    )

  const eventsOf = async ({ owner }: Pick<Caller, "owner">) => {
    const { items } = await auth.audit.list(owner, { cursor: null, limit: 100 })
    return items.filter(({ kind }) => kind.startsWith("apiKey")).reverse()
  }

  const set = (id: string, values: object) => database.db.update(table).set(values).where(eq(table.id, id))

  const secondsUntil = (time: Date | null) => ((time?.getTime() ?? Number.NaN) - Date.now()) / 1_000

  test("the new key has the old one's settings, and every instance accepts both during the grace", async () => {
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
    await auth.flush()

    const replaced = await get(old, old.id)
    expect(replaced).toMatchObject({ replaces: null, replacedBy: created.id, revokedAt: null })
    expect(replaced.lastUsedAt).not.toBeNull()
    expect(secondsUntil(replaced.expiresAt)).toBeGreaterThan(86_000)
    expect(secondsUntil(replaced.expiresAt)).toBeLessThanOrEqual(86_401)
    const { items } = await auth.apiKeys.list(old.owner, { cursor: null, limit: 10 })
    expect(items.map(({ id }) => id)).toEqual([created.id, old.id])
  })

  test("without a grace, no instance accepts the old key any more, and nothing is left of its secret", async () => {
    const old = await newKey()
    expect(await accepted(old.key)).toEqual([true, true])
    const created = await rotate(old, { grace: 0 })

    expect(await accepted(old.key)).toEqual([false, false])
    expect(await accepted(created.key)).toEqual([true, true])
    expect(await get(old, old.id)).toMatchObject({ replacedBy: created.id, revokedAt: expect.any(Date) })
    const [row] = await database.db.select().from(table).where(eq(table.id, old.id))
    expect(row).toMatchObject({ keyHash: null, receipt: null, receiptSecretId: null })
  })

  test("the old key ends at its own expiry if that comes before the end of the grace", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000)
    const old = await newKey({ expiresAt })
    expect(await rotate(old)).toMatchObject({ expiresAt })
    expect((await get(old, old.id)).expiresAt).toEqual(expiresAt)
  })

  test("the old key is rejected once the grace is over", async () => {
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

  test("the maximal lifetime is counted from the rotation, and limits what the new key takes over", async () => {
    const strict = createTestAuth(database.db, { secrets, scopes, maxKeyLifetimeDays: 30 })
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
    await auth.apiKeys.update(old.caller, { id: old.id, disabled: true }, client)
    const created = await rotate(old)
    expect(created).toMatchObject({ disabled: true, allowedIps: ["192.0.2.0/24"] })
    expect(await accepted(created.key)).toEqual([false, false])
    const change = { id: created.id, disabled: false, allowedIps: null }
    await auth.apiKeys.update(old.caller, change, client)
    expect(await accepted(created.key)).toEqual([true, true])
  })

  test("replacing the new key ends the oldest at once, and the trail says so", async () => {
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
    await auth.apiKeys.revoke(revoked.caller, revoked, client)
    await expect(rotate(revoked)).rejects.toMatchObject(notFound)
    const expired = await newKey()
    await set(expired.id, { expiresAt: sql`now()` })
    await expect(rotate(expired)).rejects.toMatchObject(notFound)

    const [theirs, stranger] = [await newKey(), await signUp(auth)]
    for (const id of [theirs.id, randomUUID(), "no-id"]) {
      await expect(rotate({ ...stranger, id })).rejects.toMatchObject(notFound)
    }
    expect(await get(theirs, theirs.id)).toMatchObject({ replacedBy: null })
  })

  test("rotation works at the limit of keys, towards which replaced keys don't count", async () => {
    const limited = createTestAuth(database.db, { secrets, scopes, maxKeysPerUser: 1 })
    const old = await newKey()
    const full = { reason: "KEY_LIMIT_REACHED" }
    const create = () => limited.apiKeys.create(old.caller, { label: "x" }, client)
    await expect(create()).rejects.toMatchObject(full)
    const created = await rotate(old, {}, limited)
    await expect(create()).rejects.toMatchObject(full)
    await rotate({ ...old, id: created.id }, {}, limited)
    await expect(create()).rejects.toMatchObject(full)
  })

  test("a caller with some scopes gets no key with others", async () => {
    const limited = (caller: Caller) => ({ ...caller, scopes: ["reports:read"], isScoped: true })
    for (const stored of [null, scopes]) {
      const old = await newKey({ scopes: stored })
      await expect(rotate({ ...old, caller: limited(old.caller) })).rejects.toMatchObject({
        reason: "INSUFFICIENT_SCOPE",
      })
      expect(await get(old, old.id)).toMatchObject({ replacedBy: null })
    }
    const old = await newKey({ scopes: ["reports:read"] })
    expect(await rotate({ ...old, caller: limited(old.caller) })).toMatchObject({ scopes: ["reports:read"] })
  })

  test("a scope that is no longer declared stays, but not for a caller with some scopes", async () => {
    const old = await newKey({ scopes })
    const later = createTestAuth(database.db, { secrets, scopes: ["reports:read"] })
    const limited = { ...old.caller, scopes: ["reports:read"], isScoped: true }
    await expect(rotate({ ...old, caller: limited }, {}, later)).rejects.toMatchObject({
      reason: "INSUFFICIENT_SCOPE",
    })
    expect(await rotate(old, {}, later)).toMatchObject({ scopes })
  })

  test("a key with an administrative scope is replaced by an administrator alone", async () => {
    const old = await newKey()
    await set(old.id, { scopes: ["latchkey:introspect"], checks: ["scopes"] })
    await expect(rotate(old)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    const admin: Caller = { ...old.caller, owner: { ...old.owner, role: "admin" } }
    expect(await rotate({ ...old, caller: admin })).toMatchObject({ scopes: ["latchkey:introspect"] })
    const reader = await newKey({ scopes: ["latchkey:apikeys:read"] })
    expect(await rotate(reader)).toMatchObject({ scopes: ["latchkey:apikeys:read"] })
  })

  test("an owner can replace what the product has locked, and it stays locked", async () => {
    const owner = { issuer: "host", subject: randomUUID() }
    const host = createTestAuth(database.db, {
      secrets,
      scopes,
      identify: () => ({ ...owner, actor: "user_7" }),
    })
    const { caller } = await host.authenticate(new Headers())
    if (!caller) throw new TypeError("not authenticated")
    const product = auth.as(owner, { actor: "support" }).apiKeys
    const settings = { scopes: ["reports:read"], metadata: { plan: "free" } }
    const { id, createdBy } = await product.create({ label: "x", ...settings })
    expect(createdBy).toBe("support")

    const second = await rotate({ caller, id })
    expect(second).toMatchObject({ ...settings, locked: true, createdBy: "user_7" })
    const third = await product.rotate(second.id, { grace: 0, expiresAt: "2999-01-01" })
    expect(third).toMatchObject({ ...settings, locked: true, createdBy: "support", replaces: second.id })
    expect(third.expiresAt).toEqual(new Date("2999-01-01T23:59:59.999Z"))
    expect(await accepted(second.key)).toEqual([false, false])
    await expect(product.rotate(third.id, { grace: -1 })).rejects.toMatchObject({ field: "grace" })
    await expect(product.rotate(second.id)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    expect((await eventsOf({ owner: caller.owner })).at(-1)).toMatchObject({
      ...{ kind: "apiKeyRotated", via: "server", actor: "support", subject: { id: second.id } },
      changes: { replacedBy: { from: null, to: third.id }, revokedAt: { from: null } },
    })
  })

  test("an imported key is replaced by one of Latchkey's own form", async () => {
    const old = await newKey({ scopes: ["reports:read"] })
    await set(old.id, {
      ...{ lookupId: null, importedStart: "sk_live_ab", importedLength: 40 },
      checks: ["imported", "scopes", "moonPhase"],
    })
    const created = await rotate(old)
    expect(created).toMatchObject({ start: created.key.slice(0, 8), scopes: ["reports:read"] })
    const [row] = await database.db.select().from(table).where(eq(table.id, created.id))
    expect(row).toMatchObject({ importedStart: null, importedLength: null, hashKind: "bcrypt" })
    // What only a newer version checks, it still has to check.
    expect(row?.checks).toEqual(["moonPhase", "scopes"])
  })

  test("of concurrent rotations one replaces the key", async () => {
    const old = await newKey()
    const results = await Promise.allSettled([auth, other, auth, other].map((by) => rotate(old, {}, by)))
    const created = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))
    const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason.reason] : []))
    expect(created).toHaveLength(1)
    expect(reasons).toEqual(Array(3).fill("ALREADY_REPLACED"))
    expect(await get(old, old.id)).toMatchObject({ replacedBy: created[0]?.id })
  })

  test("a key can't replace keys, not even itself", async () => {
    const old = await newKey()
    const { caller } = await auth.authenticate(withApiKey(old.key), { ...client })
    if (!caller) throw new TypeError("not authenticated")
    await expect(rotate({ caller, id: old.id })).rejects.toMatchObject({ reason: "FORBIDDEN" })
  })
})

describe("rotation by a trusted issuer's token", () => {
  const on = useOwners("PostgreSQL")

  test("gives no key more than the scopes of the token", async () => {
    const subject = newSubject()
    const full = await on.callerOf(trusted.bearer({ subject }))
    const narrow = await on.callerOf(trusted.bearer({ subject, scopes: ["reports:read"] }))
    const create = (stored: string[] | null) =>
      on.here.apiKeys.create(full, { label: "x", scopes: stored }, client)
    const rotate = (caller: Caller, { id }: { id: string }) =>
      on.here.apiKeys.rotate(caller, { id, grace: 0 }, client)

    for (const stored of [null, ["reports:read", "reports:write"]]) {
      const old = await create(stored)
      await expect(rotate(narrow, old)).rejects.toMatchObject({ reason: "INSUFFICIENT_SCOPE" })
      expect((await on.here.authenticate(withApiKey(old.key))).caller).not.toBeNull()
      expect(await rotate(full, old)).toMatchObject({ scopes: stored, replaces: old.id })
    }
    expect(await rotate(narrow, await create(["reports:read"]))).toMatchObject({ scopes: ["reports:read"] })
    // A token with every declared scope gives those, but none that are declared later.
    const all = await on.callerOf(trusted.bearer({ subject, scopes: SCOPES }))
    expect(await rotate(all, await create(null))).toMatchObject({ scopes: SCOPES })
  })
})
