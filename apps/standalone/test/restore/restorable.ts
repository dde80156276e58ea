import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createMigratedDatabase } from "@latchkey/db/test"
import { createTestDatabase, eventually } from "@latchkey/test-postgres"
import { expectNoSecrets, newSecret, startTestServer } from "../testServer.ts"

/** A database with a restore log, of which copies can be made while no server runs. */
export async function createRestorable(serverUrl: string) {
  const database = await createMigratedDatabase(serverUrl)
  const folder = await mkdtemp(join(tmpdir(), "latchkey-restore-log-"))
  const copies: AsyncDisposable[] = []
  const variables = { DATABASE_URL: database.url, AUTH_SECRET: newSecret(), RESTORE_LOG: folder }
  const files = async () => (await readdir(folder)).filter((name) => name.endsWith(".ndjson")).sort()
  async function readLines(): Promise<string[]> {
    const texts = await Promise.all((await files()).map((name) => readFile(join(folder, name), "utf8")))
    return texts.join("").split("\n").filter(Boolean)
  }
  return {
    folder,
    variables,
    start: (others: Record<string, string> = {}) => startTestServer({ ...variables, ...others }),
    /** Copies the database. @returns the URL of the copy. */
    async backUp(url = database.url) {
      const copy = await createTestDatabase(serverUrl, { template: new URL(url).pathname.slice(1) })
      copies.push(copy)
      return copy.url
    },
    /** The lines of the log, as they are in its files. */
    readLines,
    /** Replaces the log by one file. */
    async writeLines(lines: readonly string[]) {
      const names = await files()
      for (const name of names) await rm(join(folder, name))
      if (lines.length > 0) await writeFile(join(folder, names[0] ?? "log.ndjson"), `${lines.join("\n")}\n`)
    },
    /** Puts a file in the place of the folder. A server that looks meanwhile creates an empty one, which goes too. */
    async block() {
      await rename(folder, `${folder}-gone`)
      await eventually(async () => {
        await rm(folder, { recursive: true, force: true })
        await writeFile(folder, "")
      })
    },
    async unblock() {
      await rm(folder)
      await rename(`${folder}-gone`, folder)
    },
    /** Also checks the log for secrets. */
    async [Symbol.asyncDispose]() {
      expectNoSecrets(await readLines())
      for (const one of [...copies, database]) await one[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
