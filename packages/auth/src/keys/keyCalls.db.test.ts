import { randomUUID } from "node:crypto"
import { createDatabase, type Database } from "@latchkey/db"
import { apiKeyCounters, apiKeyUsage } from "@latchkey/db/schema"
import { openTestDatabase } from "@latchkey/db/test"
import { eq, sql } from "drizzle-orm"
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest"
import { createTestAuth, gate, newSecret, withApiKey } from "../../test/createTestAuth.ts"
import type { AuthOptions } from "../authOptions.ts"
import type { Auth } from "../createAuth.ts"
import { countCall } from "./keyCalls.ts"
import { createUsage } from "./usage.ts"

const secrets = { current: newSecret() }

let database: Awaited<ReturnType<typeof openTestDatabase>>
beforeAll(async () => {
  database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
})
afterAll(() => database[Symbol.asyncDispose]())

function startInstance(options: Partial<AuthOptions> = {}) {
  const auth = createTestAuth(database.db, { secrets, ...options })
  onTestFinished(() => auth.close())
  return auth
}

const startThree = () => [startInstance(), startInstance(), startInstance()] as const

const newKey = (auth: Auth, rateLimit: { limit: number; window: number } | null) =>
  auth.as({ subject: randomUUID() }).apiKeys.create({ label: "x", rateLimit })

/** Makes a call by key. Returns whether it was within the limit. */
async function call(auth: Auth, key: string): Promise<boolean> {
  const authentication = await auth.authenticate(withApiKey(key))
  if (!authentication.caller) throw new Error(`rejected: ${authentication.cause}`)
  try {
    countCall(authentication, { rateLimit: null })
    return true
  } catch (error) {
    expect(error).toMatchObject({ reason: "RATE_LIMITED" })
    return false
  }
}

/** Makes calls at once. Returns how many were within the limit. */
async function callTimes(auth: Auth, key: string, times: number): Promise<number> {
  const results = await Promise.all(Array.from({ length: times }, () => call(auth, key)))
  return results.filter(Boolean).length
}

const usedOf = async (db: Database, id: string) => {
  const [row] = await db
    .select({ used: apiKeyCounters.used })
    .from(apiKeyCounters)
    .where(eq(apiKeyCounters.id, id))
  return row?.used
}

test("one instance accepts exactly the limit, however many calls come at once", async () => {
  const auth = startInstance()
  const { key } = await newKey(auth, { limit: 50, window: 3_600 })
  expect(await callTimes(auth, key, 200)).toBe(50)
  await auth.flush()
  expect(await callTimes(auth, key, 10)).toBe(0)
})

test("three instances know each other's calls once they are written, and then accept exactly the limit", async () => {
  const instances = startThree()
  const [first] = instances
  const { key, id } = await newKey(first, { limit: 90, window: 3_600 })
  for (const auth of instances) expect(await callTimes(auth, key, 20)).toBe(20)
  await Promise.all(instances.map((auth) => auth.flush()))
  expect(await usedOf(database.db, id)).toBe(60)

  let accepted = 60
  for (let n = 0; n < 40; n++) {
    const auth = instances[n % 3] ?? first
    if (await call(auth, key)) accepted++
    await auth.flush()
  }

  expect(accepted).toBe(90)
  for (const auth of instances) expect(await call(auth, key)).toBe(false)
})

test("while writes are delayed, three instances exceed the limit only by their unwritten calls", async () => {
  const instances = startThree()
  const [first] = instances
  const { key, id } = await newKey(first, { limit: 30, window: 3_600 })
  await call(first, key)
  await first.flush()
  const other = await createDatabase(database.url)
  const [locked, release] = [gate(), gate()]
  const holding = other.db.transaction(async (tx) => {
    await tx.select().from(apiKeyCounters).where(eq(apiKeyCounters.id, id)).for("update")
    locked.resolve()
    await release.promise
  })
  await locked.promise

  const accepted: number[] = []
  for (const auth of instances) accepted.push(await callTimes(auth, key, 40))
  const flushing = Promise.all(instances.map((auth) => auth.flush()))
  // Whoever writes still counts what is being written.
  for (const auth of instances) expect(await callTimes(auth, key, 5)).toBe(0)
  release.resolve()
  await Promise.all([flushing, holding])
  await other.close()

  expect(accepted).toEqual([29, 29, 29])
  expect(await usedOf(database.db, id)).toBe(1 + 3 * 29)
  for (const auth of instances) expect(await call(auth, key)).toBe(false)
})

test("a limit holds across a restart", async () => {
  const before = startInstance()
  const { key } = await newKey(before, { limit: 10, window: 3_600 })
  expect(await callTimes(before, key, 7)).toBe(7)
  await before.close()

  const after = startInstance()
  expect(await callTimes(after, key, 7)).toBe(3)
})

test("when the window is over by the database's clock, the whole limit is available again", async () => {
  const auth = startInstance()
  const { key, id } = await newKey(auth, { limit: 5, window: 3_600 })
  expect(await callTimes(auth, key, 6)).toBe(5)
  await auth.close()
  await database.db
    .update(apiKeyCounters)
    .set({ expiresAt: sql`${apiKeyCounters.expiresAt} - interval '1 hour'` })
    .where(eq(apiKeyCounters.id, id))

  expect(await callTimes(startInstance(), key, 6)).toBe(5)
})

test("keys that replace each other share a counter, but have separate usage", async () => {
  const auth = startInstance()
  const keys = auth.as({ subject: randomUUID() }).apiKeys
  const first = await keys.create({ label: "x", rateLimit: { limit: 6, window: 3_600 } })
  expect(await callTimes(auth, first.key, 3)).toBe(3)
  const second = await keys.rotate(first.id)
  const third = await keys.rotate(second.id)

  expect(await callTimes(auth, second.key, 1)).toBe(1)
  expect(await callTimes(auth, third.key, 3)).toBe(2)
  expect(await call(auth, second.key)).toBe(false)

  await auth.flush()
  const acceptedBy = async ({ id }: { id: string }) => {
    const { items } = await keys.usage(id, { days: 2 })
    return items.reduce((sum, { accepted }) => sum + accepted, 0)
  }
  expect([await acceptedBy(first), await acceptedBy(second), await acceptedBy(third)]).toEqual([3, 1, 2])
})

test("the configured limit is that of keys without one of their own", async () => {
  const auth = startInstance({ keyRateLimit: { limit: 2, window: 3_600 } })
  const [usual, own] = [await newKey(auth, null), await newKey(auth, { limit: 4, window: 3_600 })]
  expect(usual.rateLimit).toEqual({ limit: 2, window: 3_600 })
  expect(await callTimes(auth, usual.key, 5)).toBe(2)
  expect(await callTimes(auth, own.key, 5)).toBe(4)
  expect(await callTimes(startInstance(), usual.key, 5)).toBe(5)
})

test("usage counts accepted calls and those refused by the limit, on all instances", async () => {
  const [one, two] = startThree()
  const subject = randomUUID()
  const { apiKeys: keys } = one.as({ subject })
  const { key, id } = await keys.create({ label: "x", rateLimit: { limit: 4, window: 3_600 } })
  await callTimes(one, key, 6)
  await Promise.all([one.flush(), two.flush()])
  await callTimes(two, key, 1)
  await Promise.all([one.flush(), two.flush()])

  const { items } = await two.as({ subject }).apiKeys.usage(id, { days: 2 })
  expect(items).toHaveLength(2)
  const sum = (field: "accepted" | "limited") => items.reduce((total, day) => total + day[field], 0)
  expect([sum("accepted"), sum("limited")]).toEqual([4, 3])
  const all = await keys.usageOfAll({ days: 2 })
  expect(all.dates).toEqual(items.map(({ date }) => date))
  expect(all.items).toEqual([
    {
      apiKeyId: id,
      accepted: items.map(({ accepted }) => accepted),
      limited: items.map(({ limited }) => limited),
    },
  ])
  await expect(one.as({ subject: randomUUID() }).apiKeys.usage(id)).rejects.toMatchObject({
    reason: "NOT_FOUND",
  })
})

test("calls before and after midnight in UTC count for two days, and a failed write is repeated", async () => {
  const auth = startInstance()
  const { id } = await newKey(auth, null)
  const errors: unknown[] = []
  const usage = createUsage(database.db, (error) => errors.push(error))
  const midnight = Date.UTC(2030, 1, 1)
  usage.note(id, { at: midnight - 0.001, isLimited: false })
  usage.note(id, { at: midnight, isLimited: false })
  usage.note(id, { at: midnight + 3_600_000, isLimited: true })
  await database.db.execute(sql`alter table key_usage rename to key_usage_away`)
  await usage.flush()
  expect(errors).toHaveLength(1)
  await database.db.execute(sql`alter table key_usage_away rename to key_usage`)
  usage.note(id, { at: midnight, isLimited: false })
  await usage.close()

  const days = await database.db
    .select({ day: apiKeyUsage.day, accepted: apiKeyUsage.accepted, limited: apiKeyUsage.limited })
    .from(apiKeyUsage)
    .where(eq(apiKeyUsage.apiKeyId, id))
    .orderBy(apiKeyUsage.day)
  expect(days).toEqual([
    { day: "2030-01-31", accepted: 1, limited: 0 },
    { day: "2030-02-01", accepted: 2, limited: 1 },
  ])
})
