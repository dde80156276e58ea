import { randomUUID } from "node:crypto"
import { connect, createTestDatabase, eventually } from "@latchkey/test-postgres"
import { sql } from "drizzle-orm"
import { expect, inject, test } from "vitest"
import { createDatabase } from "../index.ts"
import { takeAway } from "../query.ts"
import { createSlot } from "./createSlot.ts"
import { openConnection } from "./openConnection.ts"
import { withPermit } from "./permit.ts"
import { settingsOfQueries } from "./settings.ts"
import { createStallWatch } from "./stallWatch.ts"

const BEGUN = { name: "DatabaseUnavailable", begun: true }

test("a write in flight on a primary that turns out to be replaced is reported as begun", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const { hostname, port, username, pathname } = new URL(server.url)
  const settings = settingsOfQueries("public")
  const connection = await openConnection(
    {
      targets: [{ host: hostname, port: Number(port) }],
      mustBeWritable: false,
      encryption: { ssl: false, isDirect: false },
      login: { user: username, database: pathname.slice(1) },
      parameters: {},
    },
    settings,
  )
  const slot = createSlot({
    connect: async () => connection,
    settings,
    stalls: createStallWatch(async () => true),
    trust: { since: 0 },
    requireSynchronous: false,
  })
  const direct = connect(server.url)
  await direct`select pg_advisory_lock(1)`

  const write = withPermit("write", (permit) =>
    slot.run(permit, () => slot.execute({ text: "select pg_advisory_xact_lock(1)" })),
  )
  const failed = expect(write).rejects.toMatchObject(BEGUN)
  await eventually(async () => {
    const waiting = await direct`
      select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`
    expect(waiting).toHaveLength(1)
  })
  if (!connection.lineage) throw new TypeError("the server does not tell its lineage")
  slot.leaveReplaced({ ...connection.lineage, timeline: connection.lineage.timeline + 1 })

  await failed
  await direct.end({ timeout: 0 })
})

test("if only the check of the standbys fails after a commit, the change is reported as begun", async () => {
  await using server = await createTestDatabase(inject("postgresUrl"))
  const direct = connect(server.url)
  const role = `ordinary_${randomUUID().replaceAll("-", "")}`
  await direct.unsafe(`
    create role ${role} login;
    create table changes (name text); grant all on changes to ${role}; grant usage on schema public to ${role};
    revoke execute on function pg_walfile_name(pg_lsn) from public`)
  const url = new URL(server.url)
  url.username = role
  const { db, close } = await createDatabase(url.href, { requireSynchronous: true })
  const change = takeAway(async (db) => db.execute(sql`insert into public.changes values ('made')`))

  await expect(change(db, { client: {} })).rejects.toMatchObject(BEGUN)
  expect(await direct`select name from changes`).toEqual([{ name: "made" }])

  await close()
  await direct.unsafe(`drop owned by ${role}; drop role ${role}`)
  await direct.end()
})
