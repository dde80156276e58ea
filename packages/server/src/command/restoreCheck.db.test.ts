import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createMigratedDatabase } from "@latchkey/db/test"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { captureCommand } from "../../test/captureCommand.ts"
import { newKey, startLatchkey } from "../../test/startLatchkey.ts"

const AUTH_SECRET = "0123456789abcdef".repeat(4)

async function open() {
  const database = await createMigratedDatabase(inject("postgresUrl"))
  const restoreLog = await mkdtemp(join(tmpdir(), "latchkey-restore-check-"))
  const sql = connect(database.url)
  onTestFinished(async () => {
    await sql.end()
    await database[Symbol.asyncDispose]()
    await rm(restoreLog, { recursive: true })
  })
  const variables: NodeJS.ProcessEnv = { DATABASE_URL: database.url, AUTH_SECRET, RESTORE_LOG: restoreLog }
  const run = (args: string[] = [], given = variables) => captureCommand(["restore-check", ...args], given)
  return { sql, variables, run, options: { databaseUrl: database.url, secret: AUTH_SECRET, restoreLog } }
}

test("restore-check tells how the database stands to its log, and changes nothing", async () => {
  const { sql, variables, run, options } = await open()
  expect((await run(["--json"])).json()).toMatchObject({ result: "new", logPosition: null })
  {
    await using started = await startLatchkey(inject("postgresUrl"), options)
    await (await newKey(started.latchkey)).revoke()
  }
  expect(await run()).toMatchObject({
    exitCode: 0,
    printed: [expect.stringContaining("has everything")],
    errors: [],
  })

  await sql`delete from authority_changes where position > 1`
  await sql`update authority set position = 1, logged_to = 1`
  const restored = await run(["--json"])
  expect(restored.exitCode).toBe(2)
  expect(restored.json()).toMatchObject({ result: "restored", changes: { key: 1 }, databasePosition: 1 })
  expect((await run(["--json"])).json()).toEqual(restored.json())

  const { AUTH_SECRET: _, ...withoutSecret } = variables
  expect(await run([], withoutSecret)).toMatchObject({
    exitCode: 1,
    errors: [expect.stringMatching(/^AUTH_SECRET: /)],
  })
})

test("restore-check --begin-anew begins a log for a database that was not restored", async () => {
  const { run, options } = await open()
  {
    await using started = await startLatchkey(inject("postgresUrl"), options)
    await (await newKey(started.latchkey)).revoke()
  }
  for (const name of await readdir(options.restoreLog)) await rm(join(options.restoreLog, name))
  expect(await run()).toMatchObject({
    exitCode: 1,
    printed: [],
    errors: [expect.stringContaining("it is not there")],
  })
  expect(await run(["--begin-anew"])).toMatchObject({ exitCode: 0 })
  await using started = await startLatchkey(inject("postgresUrl"), options)
  expect((await (await newKey(started.latchkey)).revoke()).status).toBe(204)
})
