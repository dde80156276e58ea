import { sql } from "drizzle-orm"
import { afterEach, describe, expect, test, vi } from "vitest"
import { useTestDatabase } from "../test/useTestDatabase.ts"
import { createDatabase, createLimiter, type Database } from "./index.ts"
import { rateLimits } from "./schema/rateLimits.ts"

describe.each(["PostgreSQL", "embedded"] as const)("limits on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })
  afterEach(() => void vi.useRealTimers())

  const endNow = (key: string) =>
    db.update(rateLimits).set({ expiresAt: sql`now()` }).where(sql`${rateLimits.key} = ${key}`)

  test("allows calls up to the limit, and again in the next window", async () => {
    const limiter = createLimiter(db, { name: "one", count: 2, seconds: 60 })
    expect(await limiter.consume("a")).toEqual({ isAllowed: true, remaining: 1, reset: 60 })
    expect(await limiter.consume("a")).toMatchObject({ isAllowed: true, remaining: 0 })
    expect(await limiter.consume("a")).toMatchObject({ isAllowed: false, remaining: 0 })
    expect(await limiter.consume("b")).toMatchObject({ isAllowed: true, remaining: 1 })
    await endNow("one:a")
    expect(await limiter.consume("a")).toMatchObject({ isAllowed: true, remaining: 1 })
  })

  test("50 concurrent calls on two instances stay within the limit", async () => {
    const limiters = [1, 2].map(() => createLimiter(db, { name: "many", count: 7, seconds: 60 }))
    const usages = await Promise.all(
      Array.from({ length: 25 }, () => limiters.map((limiter) => limiter.consume("a"))).flat(),
    )
    expect(usages.filter(({ isAllowed }) => isAllowed)).toHaveLength(7)
  })

  test("a refund makes a call available again", async () => {
    const limiter = createLimiter(db, { name: "back", count: 1, seconds: 60 })
    await limiter.consume("a")
    expect((await limiter.consume("a")).isAllowed).toBe(false)
    await limiter.refund("a")
    await limiter.refund("a")
    expect((await limiter.consume("a")).isAllowed).toBe(true)
  })

  // The embedded database uses this process's clock.
  test.runIf(kind === "PostgreSQL")(
    "an instance with a wrong clock shares the windows of other instances",
    async () => {
      const limiter = createLimiter(db, { name: "clock", count: 1, seconds: 60 })
      await limiter.consume("a")
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 })
      expect(await limiter.consume("a")).toMatchObject({ isAllowed: false })
    },
  )

  test("a window that ends later than it could comes from a clock that was ahead, and is over", async () => {
    const limiter = createLimiter(db, { name: "ahead", count: 1, seconds: 60 })
    for (const _ of [1, 2]) await limiter.consume("a")
    await db
      .update(rateLimits)
      .set({ expiresAt: sql`now() + interval '1 hour'` })
      .where(sql`${rateLimits.key} = 'ahead:a'`)
    const usage = await limiter.consume("a")
    expect(usage).toMatchObject({ isAllowed: true })
    expect(usage.reset).toBeLessThanOrEqual(60)
    expect(await limiter.consume("a")).toMatchObject({ isAllowed: false })
  })

  test("a remembered refusal does not query the database", async () => {
    const limiter = createLimiter(db, { name: "flood", count: 1, seconds: 60, remembersRefusals: true })
    await limiter.consume("a")
    expect((await limiter.consume("a")).isAllowed).toBe(false)
    await db.delete(rateLimits).where(sql`${rateLimits.key} = 'flood:a'`)
    expect(await limiter.consume("a")).toMatchObject({ isAllowed: false, remaining: 0 })
  })

  test("a key is remembered until its window is over", async () => {
    const limiter = createLimiter(db, { name: "seen", count: 1, seconds: 60 })
    expect(await limiter.remembered(["a"])).toEqual([])
    await limiter.remember("a")
    await limiter.remember("b")
    expect(await limiter.remembered(["x", "a", "b"])).toEqual(["a", "b"])
    await endNow("seen:a")
    expect(await limiter.remembered(["a", "b"])).toEqual(["b"])
  })
})

test("calls fail with DatabaseUnavailable without a database", async () => {
  const { db, close } = await createDatabase("postgres://nobody@127.0.0.1:1/none")
  const limiter = createLimiter(db, { name: "x", count: 1, seconds: 60 })
  await expect(limiter.consume("a")).rejects.toMatchObject({ name: "DatabaseUnavailable" })
  await close()
})
