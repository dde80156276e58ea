import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKeyring } from "@latchkey/auth"
import { createDatabase, type DatabaseHandle } from "@latchkey/db"
import { createMigratedDatabase } from "@latchkey/db/test"
import { connect, type Sql } from "@latchkey/test-postgres"
import { afterEach, beforeEach, expect, inject, test } from "vitest"
import { signLines } from "./logLine.ts"
import { settleLog } from "./settleLog.ts"
import { createDirectorySink } from "./sinks/directorySink.ts"
import type { LogSink } from "./sinks/logSink.ts"
import { newName } from "./sinks/objectName.ts"

const keyring = createKeyring({ current: "s".repeat(32) })

let database: Awaited<ReturnType<typeof createMigratedDatabase>>
let handle: DatabaseHandle
let sql: Sql
let folder: string
let sink: LogSink
beforeEach(async () => {
  database = await createMigratedDatabase(inject("postgresUrl"))
  handle = await createDatabase(database.url)
  sql = connect(database.url)
  folder = await mkdtemp(join(tmpdir(), "latchkey-settle-"))
  sink = createDirectorySink(folder)
})
afterEach(async () => {
  await sink.close()
  await Promise.all([handle.close(), sql.end()])
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const settle = () => settleLog(handle, { sink, keyring })

test("a log that began before histories had ids continues with one", async () => {
  const first = await settle()
  await sink.close()
  for (const name of await readdir(folder)) await rm(join(folder, name))
  await sql`update authority set history_id = null, history_server = null`
  const { deploymentId: deployment, position, at } = first
  const range = { deployment, from: position, to: position, at, changes: [] }
  const lines = [...signLines({ ...range, begins: true }, keyring), ...signLines(range, keyring)]
  await writeFile(join(folder, newName(new Date())), lines.map(({ text }) => text).join(""))

  const second = await settle()
  expect(second.applied).toBeUndefined()
  expect(second.history).toMatch(/^[0-9a-f-]{36}$/)
  expect(second.position).toBeGreaterThan(position)
  expect(await settle()).toEqual(second)
})

test("after a promotion, the database begins a history, and keeps its sessions and rights", async () => {
  const first = await settle()
  await sql`update authority set history_server = 'the one before'`
  const second = await settle()
  expect(second.history).not.toBe(first.history)
  expect(second.applied).toBeUndefined()
  expect(await settle()).toEqual(second)
})

test("an owner without an account who was disabled since is disabled in a database that has never seen them", async () => {
  const { deploymentId: deployment, history, position } = await settle()
  const ids = Array.from({ length: 3 }, () => crypto.randomUUID())
  const changes = ids.map((id, index) => ({
    ...{ kind: "owner" as const, id, position: position + 1 },
    state: {
      ...{ disabledAt: "2026-11-27T12:00:00Z", erasedAt: null, role: "user" as const },
      ...{ issuer: "host", subject: `subject ${index}` },
    },
  }))
  const range = { deployment, history, from: position, to: position + 1, at: "2026-11-27T12:00:00.000Z" }
  await sink.append(signLines({ ...range, changes }, keyring)[0]?.text ?? "")

  expect((await settle()).applied).toMatchObject({ ownersDisabled: 3 })
  const owners = await sql`select id from owners where issuer = 'host' and disabled_at is not null`
  expect(owners.map(({ id }) => id).sort()).toEqual(ids.sort())
})
