import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { openTestDatabase, storeApiKey, storeUser } from "../../test/openTestDatabase.ts"
import { findUsageOfApiKey, listAuditEvents } from "../index.ts"

/** What the release before the partitions runs on its tables, where the form of the tables matters. */
const STATEMENTS = {
  record: `insert into audit_events (owner_id, kind, via, request_id) values ($1, 'loggedIn', 'password', 'r')`,
  count: `
    insert into audit_events (owner_id, kind, via, credential_id, request_id, summary_of)
    values ($1, 'loginFailed', 'password', null, 'r', 'the same') on conflict (owner_id, summary_of) where summary_of is not null
    do update set count = audit_events.count + 1, last_at = clock_timestamp(), request_id = excluded.request_id`,
  deleteEvents: `
    delete from audit_events where id in (
      select id from audit_events where created_at < now() - make_interval(days => 30) order by created_at limit 10
      for update skip locked) returning id`,
  use: `
    insert into api_key_usage select $1::uuid, (now() at time zone 'UTC')::date, 1, 0
    on conflict (api_key_id, day) do update set accepted = api_key_usage.accepted + excluded.accepted`,
  deleteUsage: `
    delete from api_key_usage where ctid in (
      select ctid from api_key_usage where day < now() - make_interval(days => 90) order by day limit 10
      for update skip locked) returning api_key_id`,
}

test("this release reads what the previous release writes, and vice versa", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const { db } = database
  const user = await storeUser(db)
  const { id } = await storeApiKey(db, user)
  const previous = connect(database.url)
  await previous.unsafe("set search_path to latchkey")
  for (const _ of [1, 2]) {
    for (const name of ["record", "count"] as const) await previous.unsafe(STATEMENTS[name], [user.userId])
    await previous.unsafe(STATEMENTS.use, [id])
  }
  expect(await previous.unsafe(STATEMENTS.deleteEvents)).toEqual([])
  expect(await previous.unsafe(STATEMENTS.deleteUsage)).toEqual([])

  const events = await listAuditEvents(db, { ownerId: user.userId, limit: 10, after: null })
  expect(events.map(({ kind, count }) => `${kind} ${count}`).sort()).toEqual([
    "apiKeyCreated 1",
    "loggedIn 1",
    "loggedIn 1",
    "loginFailed 2",
    "registered 1",
  ])
  expect(await previous`select from audit_events where owner_id = ${user.userId}`).toHaveLength(5)
  expect(await findUsageOfApiKey(db, { ownerId: user.userId, id, days: 1 })).toMatchObject({
    days: [{ accepted: 2 }],
  })
  await previous.end()
})

test("existing rows stay where they are, and attaching them reads none of them", async () => {
  await using database = await openTestDatabase("PostgreSQL", inject("postgresUrl"))
  const direct = connect(database.url)
  const [constraint] = await direct`
    select convalidated, pg_get_expr(c.relpartbound, c.oid) as bound, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.conname = 'audit_events_until_check'`
  const boundary = /\('([^']+)'\)/.exec(constraint?.bound)?.[1]
  expect(constraint).toMatchObject({ convalidated: true })
  // PostgreSQL skips the scan if a valid constraint implies the bound.
  expect(constraint?.definition).toContain(`created_at < '${boundary}'`)
  await direct.end()
})
