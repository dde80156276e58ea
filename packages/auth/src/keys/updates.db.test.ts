import { randomUUID } from "node:crypto"
import { apiKeys as table } from "@latchkey/db/schema"
import { type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { client, createTestAuth, newSecret, signUp, withApiKey } from "../../test/createTestAuth.ts"
import type { Auth } from "../createAuth.ts"
import type { Caller } from "../identities/caller.ts"

const secrets = { current: newSecret() }
const scopes = ["reports:read", "reports:write"]

const anotherKey = () => ({ replacedBy: randomUUID(), expiresAt: new Date(Date.now() + 3_600_000) })

describe.each(["PostgreSQL", "embedded"] as const)("changes of keys on %s", (kind) => {
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

  type Change = Omit<Parameters<Auth["apiKeys"]["update"]>[1], "id">

  const update = ({ caller, id }: { caller: Caller; id: string }, change: Change) =>
    auth.apiKeys.update(caller, { id, ...change }, client)

  const changesOf = async ({ owner }: Pick<Caller, "owner">) => {
    const page = await auth.audit.list(owner, { cursor: null, limit: 100, kind: "apiKeyUpdated" })
    return page.items.map(({ changes }) => changes)
  }

  const set = (id: string, values: object) =>
    database.db.update(table).set(values).where(sql`${table.id} = ${id}`)

  const verdict = async (key: string, on = auth) => on.authenticate(withApiKey(key), { ...client })

  test("omitted fields stay, null lifts a restriction, and the trail has each value before and after", async () => {
    const expiresAt = new Date(Date.now() + 86_400_000)
    const key = await newKey({ scopes: ["reports:read"], expiresAt })

    const renamed = await update(key, { label: "weekly import", allowedIps: ["192.0.2.0/24"] })
    expect(renamed).toMatchObject({
      ...{ id: key.id, start: key.start, label: "weekly import", allowedIps: ["192.0.2.0/24"] },
      ...{ scopes: ["reports:read"], expiresAt, rateLimit: null, disabled: false },
    })
    const lifted = await update(key, { scopes: null, expiresAt: null, allowedIps: null })
    expect(lifted).toMatchObject({ label: "weekly import", scopes: null, expiresAt: null, allowedIps: null })
    expect(await auth.apiKeys.get(key.owner, key)).toEqual(lifted)

    expect(await changesOf(key)).toEqual([
      {
        scopes: { from: ["reports:read"], to: null },
        expiresAt: { from: expiresAt.toISOString(), to: null },
        allowedIps: { from: ["192.0.2.0/24"], to: null },
      },
      {
        label: { from: "nightly import", to: "weekly import" },
        allowedIps: { from: null, to: ["192.0.2.0/24"] },
      },
    ])
  })

  test("a change that changes nothing leaves no event", async () => {
    const key = await newKey({ scopes: ["reports:read"], rateLimit: { limit: 10, window: 60 } })
    await update(key, {})
    await update(key, { label: "nightly import", scopes: ["reports:read"], disabled: false, expiresAt: null })
    await update(key, { rateLimit: { limit: 10, window: 60 } })
    expect(await changesOf(key)).toEqual([])
  })

  test("a disabled key is rejected by every instance, and accepted again once it is enabled", async () => {
    const key = await newKey()
    expect((await verdict(key.key)).caller).not.toBeNull()

    expect(await update(key, { disabled: true })).toMatchObject({ disabled: true, revokedAt: null })
    for (const instance of [auth, other]) {
      const disabled = { caller: null, problem: "invalid", cause: "disabled", apiKeyId: key.id }
      expect(await verdict(key.key, instance)).toEqual(disabled)
      expect(await instance.introspect(key.key)).toEqual(disabled)
    }
    const wrong = key.key.slice(0, 60) + (key.key.endsWith("0000") ? "1111" : "0000")
    expect(await verdict(wrong)).toMatchObject({ cause: "mismatch" })

    await update(key, { disabled: false })
    for (const instance of [auth, other]) expect((await verdict(key.key, instance)).caller).not.toBeNull()
    expect(await changesOf(key)).toEqual([
      { disabled: { from: true, to: false } },
      { disabled: { from: false, to: true } },
    ])
  })

  test("a key that was disabled after it was verified can't revoke itself", async () => {
    const key = await newKey()
    const { caller } = await verdict(key.key)
    if (!caller) throw new TypeError("not authenticated")
    await update(key, { disabled: true })

    const refusal = { reason: "UNAUTHENTICATED" }
    await expect(auth.apiKeys.revoke(caller, key, client)).rejects.toMatchObject(refusal)
  })

  test("a check that only a newer version knows stays in the row", async () => {
    const key = await newKey()
    await set(key.id, { checks: ["moonPhase"] })
    await update(key, { scopes: [], disabled: true })
    await update(key, { disabled: false })
    const [row] = await database.db
      .select({ checks: table.checks })
      .from(table)
      .where(sql`${table.id} = ${key.id}`)
    expect(row?.checks).toEqual(["moonPhase", "scopes"])
    await expect(verdict(key.key)).rejects.toMatchObject({ reason: "UNAVAILABLE" })
  })

  test("other owners' keys, and revoked and expired ones, can't be changed; the owner can still read those", async () => {
    const key = await newKey()
    const stranger = await signUp(auth)
    const notFound = { reason: "NOT_FOUND" }
    for (const id of [key.id, randomUUID(), "no-id"]) {
      await expect(auth.apiKeys.get(stranger.owner, { id })).rejects.toMatchObject(notFound)
      await expect(update({ ...stranger, id }, { label: "mine" })).rejects.toMatchObject(notFound)
    }
    await set(key.id, { expiresAt: sql`now()` })
    await expect(update(key, { expiresAt: null })).rejects.toMatchObject(notFound)
    expect(await auth.apiKeys.get(key.owner, key)).toMatchObject({ label: "nightly import" })
    await auth.apiKeys.revoke(key.caller, key, client)
    await expect(update(key, { label: "late" })).rejects.toMatchObject(notFound)
    expect(await auth.apiKeys.get(key.owner, key)).toMatchObject({ revokedAt: expect.any(Date) })
  })

  test.each([
    [{ expiresAt: new Date(0) }, "INVALID_INPUT", "expiresAt"],
    [{ allowedIps: ["192.0.2.1/24"] }, "INVALID_INPUT", "allowedIps"],
    [{ scopes: ["billing:read"] }, "INVALID_INPUT", "scopes"],
    [{ scopes: ["latchkey:introspect"] }, "FORBIDDEN", undefined],
    [{ metadata: { plan: "free" } }, "FORBIDDEN", undefined],
    [{ lock: false }, "FORBIDDEN", undefined],
  ] satisfies [Change, string, string | undefined][])(
    "an owner can't change %j",
    async (change, reason, field) => {
      const key = await newKey()
      await expect(update(key, change)).rejects.toMatchObject({ reason, field })
      expect(await changesOf(key)).toEqual([])
    },
  )

  test("a caller with some scopes can't give a key others", async () => {
    const key = await newKey({ scopes: [] })
    const limited = { ...key.caller, scopes: ["reports:read"], isScoped: true }
    await expect(update({ ...key, caller: limited }, { scopes })).rejects.toMatchObject({
      reason: "INSUFFICIENT_SCOPE",
    })
    const lifted = await update({ ...key, caller: limited }, { scopes: null })
    expect(lifted.scopes).toEqual(["reports:read"])
  })

  test("locked settings can be changed by the product, but not by the owner", async () => {
    const owner = { issuer: "host", subject: randomUUID() }
    const product = auth.as(owner).apiKeys
    const host = createTestAuth(database.db, { secrets, scopes, identify: () => owner })
    const { caller } = await host.authenticate(new Headers())
    if (!caller) throw new TypeError("not authenticated")
    const metadata = { plan: "free" }
    const { id, locked } = await product.create({ label: "x", scopes: ["reports:read"], metadata })
    expect(locked).toBe(true)

    for (const change of [
      { scopes: null },
      { allowedIps: ["192.0.2.1"] },
      { rateLimit: { limit: 1, window: 1 } },
    ]) {
      await expect(update({ caller, id }, change)).rejects.toMatchObject({ reason: "FORBIDDEN" })
    }
    expect(
      await update({ caller, id }, { label: "mine", scopes: ["reports:read"], disabled: true }),
    ).toMatchObject({
      ...{ label: "mine", disabled: true, metadata },
    })
    const paid = await product.update(id, { scopes, metadata: { plan: "paid" } })
    expect(paid).toMatchObject({ scopes, metadata: { plan: "paid" }, locked: true })
    expect(await product.update(id, { lock: false })).toMatchObject({ scopes, locked: false })
    expect(await update({ caller, id }, { scopes: [] })).toMatchObject({
      scopes: [],
      metadata: { plan: "paid" },
    })
    expect(await product.update(id, { scopes, lock: false })).toMatchObject({ locked: false })
    expect(await product.get(id)).toMatchObject({ scopes, locked: false })
    await expect(product.update(randomUUID(), {})).rejects.toMatchObject({ reason: "NOT_FOUND" })
    await expect(product.get(randomUUID())).rejects.toMatchObject({ reason: "NOT_FOUND" })
  })

  test("the end of a grace period can be made earlier, but not later", async () => {
    const key = await newKey()
    const { expiresAt, ...rest } = anotherKey()
    await set(key.id, { expiresAt, ...rest })
    for (const later of [null, new Date(expiresAt.getTime() + 1)]) {
      await expect(update(key, { expiresAt: later })).rejects.toMatchObject({ field: "expiresAt" })
    }
    const earlier = new Date(expiresAt.getTime() - 1)
    expect(await update(key, { expiresAt: earlier })).toMatchObject({ expiresAt: earlier })
  })

  test("a maximum lifetime applies to new and old keys", async () => {
    const strict = createTestAuth(database.db, { secrets, maxKeyLifetimeDays: 30 })
    const key = await newKey()
    const tooLate = { reason: "INVALID_INPUT", field: "expiresAt" }
    for (const expiresAt of [null, new Date(Date.now() + 32 * 86_400_000)]) {
      const input = { label: "x", expiresAt }
      await expect(strict.apiKeys.create(key.caller, input, client)).rejects.toMatchObject(tooLate)
      await expect(
        strict.apiKeys.update(key.caller, { id: key.id, expiresAt }, client),
      ).rejects.toMatchObject(tooLate)
    }
    const { expiresAt } = await strict.apiKeys.create(key.caller, { label: "x" }, client)
    const days = ((expiresAt?.getTime() ?? 0) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(29.9)
    expect(days).toBeLessThan(31)
    // Keys that are older than the rule can be renamed without a new expiry.
    const renamed = await strict.apiKeys.update(key.caller, { id: key.id, label: "old" }, client)
    expect(renamed).toMatchObject({ label: "old", expiresAt: null })
  })

  test("no concurrent change is lost, and each event continues the one before", async () => {
    const key = await newKey()
    const labels = ["a", "b", "c", "d", "e"]
    await Promise.all(labels.map((label, index) => update(key, { label, disabled: index % 2 === 0 })))

    const changes = await changesOf(key)
    expect(changes).toHaveLength(labels.length)
    // Events of the same millisecond are in no particular order.
    const next = new Map(changes.map((change) => [change?.label?.from, change?.label?.to]))
    let label: unknown = "nightly import"
    for (const _ of labels) label = next.get(label)
    expect((await auth.apiKeys.get(key.owner, key)).label).toBe(label)
    expect(labels).toContain(label)
  })
})
