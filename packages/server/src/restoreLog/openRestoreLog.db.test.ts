import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKeyring } from "@latchkey/auth"
import { createDatabase } from "@latchkey/db"
import { createMigratedDatabase } from "@latchkey/db/test"
import { eventually } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test, vi } from "vitest"
import { openRestoreLog } from "./openRestoreLog.ts"
import { settleLog } from "./settleLog.ts"
import { createDirectorySink } from "./sinks/directorySink.ts"

const MINUTE = 60_000

/** Keeps what is to happen within minutes, until the test runs it. */
function holdLongTimeouts() {
  const held: (() => void)[] = []
  const { setTimeout: wait } = globalThis
  const hold = (run: () => void, ms?: number) => {
    if (ms === undefined || ms < MINUTE) return wait(run, ms)
    held.push(run)
    return wait(() => {}, 0)
  }
  const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(hold as typeof setTimeout)
  onTestFinished(() => spy.mockRestore())
  return () => {
    for (const run of held.splice(0)) run()
  }
}

test("lines of an instance that goes on with the earlier secret for a while are signed with the current one too", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const folder = await mkdtemp(join(tmpdir(), "latchkey-overlap-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const handle = await createDatabase(database.url)
  onTestFinished(() => handle.close())
  const [old, fresh] = ["o", "f"].map((letter) => letter.repeat(32)) as [string, string]
  const keyring = createKeyring({ current: fresh, previous: [old] })
  const filesOfFresh = async () => {
    const files = (await readdir(folder)).map((name) => join(folder, name))
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")))
    return files.filter((_, index) => texts[index]?.includes(keyring.current.id))
  }
  const sink = createDirectorySink(folder)
  await settleLog(handle, { sink, keyring: createKeyring({ current: old }) })
  await sink.close()

  const options = { place: folder, token: undefined, environment: {}, afterRestore: undefined, keyring }
  const ignored = { onError: () => {}, onCompactionError: () => {}, log: { warn() {}, info() {} } }
  const runLater = holdLongTimeouts()
  const log = await openRestoreLog(handle, { ...options, ...ignored, isEmbedded: false })
  onTestFinished(() => log.close())
  await eventually(async () => expect(await filesOfFresh()).not.toEqual([]))
  // Only the lines of the earlier secret are left, as if they had been written after the copy.
  for (const file of await filesOfFresh()) await rm(file)
  runLater()
  await eventually(async () => expect(await filesOfFresh()).not.toEqual([]))
})
