import { randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { newSession, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  addCalls,
  createLimiter,
  type Database,
  deleteOldAuditEvents,
  deleteOldCounters,
  deleteOldLimits,
  deleteOldSessions,
} from "../../index.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { apiKeyCounters } from "../../schema/keyCounts.ts"
import { rateLimits } from "../../schema/rateLimits.ts"
import { sessions } from "../../schema/sessions.ts"

describe.each(["PostgreSQL", "embedded"] as const)("deleting old rows on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  test("deletes old events, at most `limit` at a time", async () => {
    const { userId } = await storeUser(db)
    await db.execute(sql`
      insert into audit_events (owner_id, kind, via, request_id, created_at)
      select ${userId}, 'loggedIn', 'password', n::text, now() - interval '30 days 1 minute'
      from generate_series(1, 3) as n`)

    expect(await deleteOldAuditEvents(db, { days: 31, limit: 2 })).toBe(0)
    expect(await deleteOldAuditEvents(db, { days: 30, limit: 2 })).toBe(2)
    expect(await deleteOldAuditEvents(db, { days: 30, limit: 2 })).toBe(1)
    expect(await db.select({ kind: auditEvents.kind }).from(auditEvents)).toEqual([{ kind: "registered" }])
  })

  test("deletes nothing that is not old by this server's clock, because the database's may be ahead", async () => {
    const { userId } = await storeUser(db)
    await db.execute(sql`
      insert into audit_events (owner_id, kind, via, request_id, created_at)
      values (${userId}, 'loggedIn', 'password', 'ahead', now() - interval '40 days')`)
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 20 * 86_400_000 })
    onTestFinished(() => void vi.useRealTimers())
    expect(await deleteOldAuditEvents(db, { days: 30, limit: 10 })).toBe(0)
    vi.useRealTimers()
    expect(await deleteOldAuditEvents(db, { days: 30, limit: 10 })).toBe(1)
  })

  test("deletes sessions by their end or expiry, whichever came first", async () => {
    const { userId } = await storeUser(db)
    const store = async (expires: string, ended: string | null) => {
      const { id, familyHash, turnHash } = newSession()
      await db.insert(sessions).values({
        id,
        familyHash,
        turnHash,
        userId,
        expiresAt: sql`now() + ${expires}::interval`,
        endedAt: sql`now() + ${ended}::interval`,
      })
      return id
    }
    const old: string[] = [
      await store("-31 days", null),
      await store("-1 day", "-31 days"),
      await store("10 years", "-31 days"),
    ]
    const recent = [
      await store("-29 days", null),
      await store("-1 day", "-29 days"),
      await store("10 years", null),
    ]

    expect(await deleteOldSessions(db, { days: 30, limit: 100 })).toBe(old.length)

    const left = (await db.select({ id: sessions.id }).from(sessions)).map(({ id }) => id)
    expect(left).toEqual(expect.arrayContaining(recent))
    expect(left.filter((id) => old.includes(id))).toEqual([])
  })

  test("deletes limits whose window is over", async () => {
    const limiter = createLimiter(db, { name: "sweep", count: 1, seconds: 60 })
    await Promise.all(["over", "open"].map((key) => limiter.consume(key)))
    await db
      .update(rateLimits)
      .set({ expiresAt: sql`now() - interval '1 ms'` })
      .where(sql`${rateLimits.key} = 'sweep:over'`)

    expect(await deleteOldLimits(db, { days: 0, limit: 100 })).toBe(1)
    expect(await db.select({ key: rateLimits.key }).from(rateLimits)).toEqual([{ key: "sweep:open" }])
  })

  test("deletes counters of keys whose window is over", async () => {
    const [over, open] = [randomUUID(), randomUUID()]
    const startedAt = Date.now()
    await addCalls(db, {
      calls: [over, open].map((counterId) => ({ counterId, startedAt, seconds: 60, calls: 1 })),
    })
    await db
      .update(apiKeyCounters)
      .set({ expiresAt: sql`now() - interval '1 ms'` })
      .where(sql`${apiKeyCounters.id} = ${over}`)

    expect(await deleteOldCounters(db, { days: 0, limit: 100 })).toBe(1)
    expect(await db.select({ id: apiKeyCounters.id }).from(apiKeyCounters)).toEqual([{ id: open }])
  })
})
