import { randomUUID } from "node:crypto"
import { openTestDatabase } from "@latchkey/db/test"
import { connect, eventually } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { client } from "../../test/createTestAuth.ts"
import { createCounter } from "./counter.ts"

test("a burst of counts of one key waits in the process and holds only one connection", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const counter = createCounter(database.db, "burst", { count: 100, seconds: 60 }, { isFinal: true })
  const key = randomUUID()
  await counter.consume(key, client)
  const [holder, watcher] = [connect(database.url), connect(database.url)]
  const waiting = async () => {
    const [row] = await watcher<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    return row?.waiting
  }

  const transaction = await holder.reserve()
  await transaction`begin`
  await transaction`select from rate_limits for update`
  const burst = Promise.allSettled(Array.from({ length: 200 }, () => counter.consume(key, client)))
  await eventually(async () => expect(await waiting()).toBe(1))
  // These would find no connection if each count of the burst held one.
  await Promise.all(Array.from({ length: 9 }, () => counter.consume(randomUUID(), client)))
  expect(await waiting()).toBe(1)
  await transaction`rollback`

  // Counts beyond the limit are refused, as are those that waited too long.
  for (const outcome of await burst) {
    if (outcome.status === "fulfilled") continue
    expect(outcome).toMatchObject({
      reason: { reason: expect.stringMatching(/^(RATE_LIMITED|UNAVAILABLE)$/) },
    })
  }
  transaction.release()
  await Promise.all([holder.end(), watcher.end()])
})
