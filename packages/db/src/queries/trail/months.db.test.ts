import { randomUUID } from "node:crypto"
import { sql } from "drizzle-orm"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { client, storeApiKey, storeUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  addUsage,
  bySession,
  countFailure,
  type Database,
  deleteOldAuditEvents,
  findUsageOfApiKey,
  keepMonths,
  listAuditEvents,
} from "../../index.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import { apiKeyUsage } from "../../schema/keyCounts.ts"
import { dropMonth, findMonths, makeMonth } from "./months.ts"

describe.each(["PostgreSQL", "embedded"] as const)("months on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })

  const month = async (offset: number) => {
    const [row] = await db
      .select({
        first: sql<string>`(date_trunc('month', now() at time zone 'UTC') + make_interval(months => ${offset}))::date::text`,
      })
      .from(sql`(values (1)) as one`)
    return row?.first ?? ""
  }
  const nameOf = (table: string, first: string) => `${table}_${first.slice(0, 7).replace("-", "_")}`
  const placesOf = async (ownerId: string) =>
    (
      await db
        .select({ place: sql<string>`tableoid::regclass::text` })
        .from(auditEvents)
        .where(sql`owner_id = ${ownerId}`)
        .orderBy(auditEvents.createdAt)
    ).map(({ place }) => place)
  const onError = (error: unknown) => {
    throw error
  }
  const keep = (days = 365) => keepMonths(db, { table: "auditEvents", days, onError })

  /** As if the tables had been migrated long ago: the first partitions end where this month begins. */
  async function endFirst() {
    const first = await month(0)
    await db.transaction(async (tx) => {
      for (const [table, partition, end] of [
        ["audit_trail", "audit_events", `${first} 00:00:00+00`],
        ["key_usage", "api_key_usage", first],
      ]) {
        for (const statement of [
          `alter table ${table} detach partition ${partition}`,
          `delete from ${partition}`,
          `alter table ${partition} drop constraint if exists ${partition}_until_check`,
          `drop trigger if exists ${partition}_until on ${partition}`,
          `alter table ${table} attach partition ${partition} for values from (minvalue) to ('${end}')`,
        ]) {
          await tx.execute(sql.raw(statement))
        }
      }
    })
  }

  test("after a migration, the first partitions hold everything for more than a month", async () => {
    for (const table of ["auditEvents", "usage"] as const) {
      expect(await findMonths(db, { table, days: 365, ahead: 2 })).toMatchObject({
        isOwned: true,
        missing: [await month(2)],
      })
    }
    const { userId } = await storeUser(db)
    expect(await placesOf(userId)).toEqual(["audit_events"])
    expect(await keep()).toEqual(
      expect.arrayContaining([{ partition: "audit_events" }, { partition: "audit_trail_rest" }]),
    )
    expect((await findMonths(db, { table: "auditEvents", days: 365, ahead: 2 })).missing).toEqual([])
    await dropMonth(db, { name: nameOf("audit_trail", await month(2)) })
  })

  test("rows without a partition for their month are stored and listed, and move when it is created", async () => {
    await endFirst()
    const user = await storeUser(db)
    const { id: apiKeyId } = await storeApiKey(db, user)
    const failure = {
      ...bySession(user.by.credentialId),
      ownerId: user.userId,
      kind: "loginFailed",
      client,
    } as const
    await countFailure(db, failure)
    const day = await month(0)
    const usage = [{ apiKeyId, day, accepted: 2, limited: 1 }]
    await addUsage(db, { usage })
    const list = () => listAuditEvents(db, { ownerId: user.userId, limit: 10, after: null })
    const before = await list()
    expect(new Set(await placesOf(user.userId))).toEqual(new Set(["audit_trail_rest"]))

    await keep()
    await keepMonths(db, { table: "usage", days: 90, onError })

    expect(new Set(await placesOf(user.userId))).toEqual(new Set([nameOf("audit_trail", await month(0))]))
    expect(await list()).toEqual(before)
    // The group goes on in its new place, as does the day.
    await countFailure(db, failure)
    await addUsage(db, { usage })
    expect((await list())[0]).toMatchObject({ kind: "loginFailed", count: 2 })
    expect(await findUsageOfApiKey(db, { ownerId: user.userId, id: apiKeyId, days: 90 })).toMatchObject({
      days: [{ day, accepted: 4, limited: 2 }],
    })
    const places = await db.select({ place: sql`tableoid::regclass::text` }).from(apiKeyUsage)
    expect(places).toEqual([{ place: nameOf("key_usage", await month(0)) }])
  })

  test("8 failures at once are counted in one row of a month", async () => {
    const { userId } = await storeUser(db)
    const failure = {
      ownerId: userId,
      via: "password",
      credentialId: null,
      kind: "loginFailed",
      client,
    } as const
    await Promise.all(Array.from({ length: 8 }, () => countFailure(db, failure)))
    const [first] = await listAuditEvents(db, { ownerId: userId, limit: 1, after: null })
    expect(first).toMatchObject({ kind: "loginFailed", count: 8 })
  })

  test("a page continues across the end of a month, even past a group that ends in another month", async () => {
    const { userId } = await storeUser(db)
    const before = await month(0)
    const store = (requestId: string, createdAt: string, lastAt: string | null = null) =>
      db.execute(sql`
        insert into audit_trail (owner_id, kind, via, request_id, created_at, last_at)
        values (${userId}, 'loginFailed', 'password', ${requestId}, ${before}::timestamptz + ${createdAt}::interval,
          ${before}::timestamptz + ${lastAt}::interval)`)
    await store("oldest", "-3 days")
    await store("group", "-1 hour", "1 minute")
    await store("between", "-1 minute")
    await store("newest", "1 second")
    const ids: string[] = []
    let after: { id: string; createdAt: Date } | null = null
    for (let page = 0; page < 6; page++) {
      const [event] = await listAuditEvents(db, { ownerId: userId, limit: 1, after })
      if (!event) break
      if (event.kind === "loginFailed") ids.push(event.requestId)
      after = { id: event.id, createdAt: event.lastAt ?? event.createdAt }
    }
    expect(ids).toEqual(["group", "newest", "between", "oldest"])
  })

  test("a month is dropped as a whole once all of its events are too old, which are not listed before that", async () => {
    const { userId } = await storeUser(db)
    const old = await month(-3)
    // The first partition ends there.
    await db.execute(sql.raw("alter table audit_trail detach partition audit_events"))
    await makeMonth(db, { table: "auditEvents", month: old })
    await db.execute(sql`
      insert into audit_trail (owner_id, kind, via, request_id, created_at)
      values (${userId}, 'loggedOut', 'session', 'old', ${old}::timestamptz)`)
    expect(await placesOf(userId)).toContain(nameOf("audit_trail", old))
    const kinds = async (days: number) =>
      (await listAuditEvents(db, { ownerId: userId, limit: 10, after: null, days })).map(({ kind }) => kind)

    await keep(365)
    expect(await kinds(365)).toEqual(["registered", "loggedOut"])
    expect(await kinds(30)).toEqual(["registered"])
    // The database's clock may be ahead.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 60 * 86_400_000 })
    onTestFinished(() => void vi.useRealTimers())
    await keep(58)
    expect(await placesOf(userId)).toContain(nameOf("audit_trail", old))
    vi.useRealTimers()
    await keep(58)
    expect(await placesOf(userId)).not.toContain(nameOf("audit_trail", old))
    expect(await kinds(365)).toEqual(["registered"])
  })

  test("creating and dropping a month twice changes nothing", async () => {
    const first = await month(6)
    await Promise.all([1, 2].map(() => makeMonth(db, { table: "usage", month: first })))
    expect((await findMonths(db, { table: "usage", days: 90, ahead: 6 })).missing).not.toContain(first)
    const name = nameOf("key_usage", first)
    await Promise.all([1, 2].map(() => dropMonth(db, { name })))
    expect((await findMonths(db, { table: "usage", days: 90, ahead: 6 })).missing).toContain(first)
  })

  test("events are deleted with their owner, and old events in the rest partition one by one", async () => {
    const { userId } = await storeUser(db)
    await db.execute(sql`
      insert into audit_trail_rest (owner_id, kind, via, request_id, created_at)
      values (${userId}, 'loggedOut', 'session', ${randomUUID()}, now() - interval '100 days')`)
    expect(await deleteOldAuditEvents(db, { days: 99, limit: 10, partition: "audit_trail_rest" })).toBe(1)
    await db.execute(sql`delete from owners where id = ${userId}`)
    expect(await placesOf(userId)).toEqual([])
  })
})
