import { randomUUID } from "node:crypto"
import { eq, sql } from "drizzle-orm"
import { describe, expect, inject, test } from "vitest"
import { openTestDatabase, storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import { addCalls, createDatabase, type Database, findVerifiableApiKeys } from "../../index.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { apiKeyCounters } from "../../schema/keyCounts.ts"

describe.each(["PostgreSQL", "embedded"] as const)("counters of calls by key on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  /** Milliseconds by the database's clock. */
  async function now() {
    const [row] = await db
      .select({ now: sql<number>`floor(extract(epoch from now()) * 1000)::float8` })
      .from(sql`(values (1)) as one`)
    return row?.now ?? 0
  }

  test("calls are added to the open window, whichever instance opened it", async () => {
    const [counterId, other] = [randomUUID(), randomUUID()]
    const startedAt = (await now()) - 2_000
    const calls = { counterId, startedAt, seconds: 60, calls: 3 }
    expect(await addCalls(db, { calls: [calls] })).toEqual([{ counterId, startedAt, calls: 3 }])

    const later = { ...calls, startedAt: startedAt + 1_000, calls: 4 }
    const counters = await addCalls(db, {
      calls: [later, { counterId: other, startedAt, seconds: 1_000, calls: 1_000_000_000 }],
    })

    expect(new Map(counters.map((counter) => [counter.counterId, counter]))).toEqual(
      new Map([
        [counterId, { counterId, startedAt, calls: 7 }],
        [other, { counterId: other, startedAt, calls: 1_000_000_000 }],
      ]),
    )
  })

  test("a window that is over is replaced, and calls from an earlier window are not added", async () => {
    const counterId = randomUUID()
    const startedAt = (await now()) - 5_000
    const old = { counterId, startedAt, seconds: 6, calls: 5 }
    expect(await addCalls(db, { calls: [old] })).toMatchObject([{ calls: 5 }])
    await db
      .update(apiKeyCounters)
      .set({ expiresAt: sql`${apiKeyCounters.expiresAt} - interval '10 seconds'` })
      .where(eq(apiKeyCounters.id, counterId))

    const next = { ...old, startedAt: startedAt + 4_000, calls: 1 }
    expect(await addCalls(db, { calls: [next] })).toEqual([
      { counterId, startedAt: next.startedAt, calls: 1 },
    ])
    const late = { ...old, startedAt: startedAt - 60_000 }
    expect(await addCalls(db, { calls: [late] })).toEqual([])
    expect(await addCalls(db, { calls: [{ ...late, counterId: randomUUID() }] })).toEqual([])
    expect(await addCalls(db, { calls: [{ ...next, calls: 2 }] })).toMatchObject([{ calls: 3 }])
  })

  test("a changed window length applies to calls already counted, from the window's beginning", async () => {
    const counterId = randomUUID()
    const startedAt = (await now()) - 20_000
    const daily = { counterId, startedAt, seconds: 86_400, calls: 5 }
    await addCalls(db, { calls: [daily] })

    expect(await addCalls(db, { calls: [{ ...daily, seconds: 60, calls: 1 }] })).toEqual([
      { counterId, startedAt, calls: 6 },
    ])
    const shorter = { ...daily, startedAt: startedAt + 18_000, seconds: 10, calls: 1 }
    expect(await addCalls(db, { calls: [shorter] })).toEqual([
      { counterId, startedAt: shorter.startedAt, calls: 1 },
    ])
  })

  test("a window in the future, from a clock that was ahead, is replaced", async () => {
    const counterId = randomUUID()
    const startedAt = await now()
    const calls = { counterId, startedAt, seconds: 60, calls: 1 }
    await addCalls(db, { calls: [{ ...calls, startedAt: startedAt + 3_600_000, calls: 50 }] })
    expect(await addCalls(db, { calls: [calls] })).toEqual([{ counterId, startedAt, calls: 1 }])
  })

  test("counters are read with the key, which may share the counter of the key that it replaces", async () => {
    const owner = await storeUser(db)
    const [first, second] = [await storeApiKey(db, owner), await storeApiKey(db, owner)]
    await db.update(apiKeys).set({ counterId: first.id }).where(eq(apiKeys.id, second.id))
    const read = async () => {
      const rows = await findVerifiableApiKeys(db, { lookupIds: [first.lookupId, second.lookupId] })
      return rows.map(({ windowStart, windowCalls }) => ({ windowStart, windowCalls }))
    }
    const none = { windowStart: null, windowCalls: null }
    expect(await read()).toEqual([none, none])

    const before = await now()
    await addCalls(db, { calls: [{ counterId: first.id, startedAt: before, seconds: 60, calls: 5 }] })

    const used = { windowStart: before, windowCalls: 5 }
    expect(await read()).toEqual([used, used])
    const [row] = await findVerifiableApiKeys(db, { lookupIds: [first.lookupId] })
    expect(row?.readAt).toBeGreaterThanOrEqual(before)
    expect(row?.readAt).toBeLessThanOrEqual((await now()) + 1)
  })
})

test("two instances that add calls to the same counters in different orders lose none, and don't deadlock", async () => {
  await using one = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const other = await createDatabase(one.url)
  const ids = Array.from({ length: 200 }, () => randomUUID())
  const startedAt = Date.now()
  const calls = ids.map((counterId) => ({ counterId, startedAt, seconds: 3_600, calls: 1 }))

  await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      n % 2 === 0 ? addCalls(one.db, { calls }) : addCalls(other.db, { calls: calls.toReversed() }),
    ),
  )
  await other.close()

  const [sum] = await one.db.select({ used: sql<number>`sum(used)::int` }).from(apiKeyCounters)
  expect(sum?.used).toBe(12 * 200)
})
