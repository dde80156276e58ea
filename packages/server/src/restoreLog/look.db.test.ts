import { execFileSync } from "node:child_process"
import { appendFile, mkdtemp, open, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKeyring } from "@latchkey/auth"
import { createDatabase, findChanges, markLogged } from "@latchkey/db"
import { createMigratedDatabase } from "@latchkey/db/test"
import { connect } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { signLines } from "./logLine.ts"
import { look } from "./look.ts"
import { settleLog } from "./settleLog.ts"
import { createDirectorySink } from "./sinks/directorySink.ts"

test("changes that a running instance appends while the log is read are not missing", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const folder = await mkdtemp(join(tmpdir(), "latchkey-look-"))
  const place = { sink: createDirectorySink(folder), keyring: createKeyring({ current: "s".repeat(32) }) }
  const handle = await createDatabase(database.url)
  const { deploymentId, history, position } = await settleLog(handle, place)
  const [first = ""] = await readdir(folder)
  const pipe = join(folder, "9.ndjson")
  execFileSync("mkfifo", [pipe])

  const looking = handle.runLong((tx) => look(tx, place))
  // Opens once the first file has been read.
  const gate = await open(pipe, "w")
  const sql = connect(database.url)
  await sql`insert into owners (id, issuer, subject, disabled_at) values (gen_random_uuid(), 'host', 'a', now())`
  await sql.end()
  const { from, to, at, changes } = await findChanges(handle.db, { after: position, limit: 10 })
  const lines = signLines({ deployment: deploymentId, history, from, to, at, changes }, place.keyring)
  await appendFile(join(folder, first), lines.map(({ text }) => text).join(""))
  await markLogged(handle.db, { to, at })
  await rm(pipe)
  await gate.close()

  expect((await looking).judgement).toEqual({ is: "inStep" })
  await handle.close()
  await rm(folder, { recursive: true })
})
