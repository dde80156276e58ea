import { auditEvents } from "@latchkey/db/schema"
import { openTestDatabase } from "@latchkey/db/test"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { createTestAuth, signUp } from "../test/createTestAuth.ts"
import { createSweeper } from "./sweeper.ts"

test("two concurrent sweepers delete all old events, however many, and keep the rest", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const { db } = database
  const { session } = await signUp(createTestAuth(db))
  await db.execute(sql`
    insert into audit_events (owner_id, kind, via, request_id, created_at)
    select ${session.userId}, 'loggedIn', 'password', n::text, now() - make_interval(days => 6 + n % 2 * 2)
    from generate_series(1, 2400) as n`)
  const onError = (error: unknown) => {
    throw error
  }
  const [one, two] = [1, 2].map(() => createSweeper(db, { auditRetentionDays: 7, onError }))

  await Promise.all([one?.sweep(), two?.sweep()])
  await Promise.all([one?.close(), two?.close()])

  const [row] = await db.select({ left: sql`count(*)::int` }).from(auditEvents)
  expect(row?.left).toBe(1 + 1_200)
})

test("a failed deletion is reported, and the next sweep catches up", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const { db } = database
  await signUp(createTestAuth(db))
  await db.execute(sql`update audit_events set created_at = now() - interval '8 days'`)
  await db.execute(sql`alter table audit_trail rename to audit_trail_away`)
  const errors: unknown[] = []
  const sweeper = createSweeper(db, { auditRetentionDays: 7, onError: (error) => errors.push(error) })

  await sweeper.sweep()
  expect(errors).toHaveLength(1)
  await db.execute(sql`alter table audit_trail_away rename to audit_trail`)
  await sweeper.sweep()
  await sweeper.close()

  expect(errors).toHaveLength(1)
  expect(await db.select().from(auditEvents)).toEqual([])
})
