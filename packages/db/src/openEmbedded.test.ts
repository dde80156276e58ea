import { mkdir, mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"
import { createDatabase, DataFolderInUse, ping } from "./index.ts"

const newFolder = () => mkdtemp(join(tmpdir(), "latchkey-test-"))

test("a folder that is in use is refused, and free again once it is closed", async () => {
  const url = pathToFileURL(await newFolder()).href
  const first = await createDatabase(url)

  await expect(createDatabase(url)).rejects.toThrow(DataFolderInUse)

  await first.close()
  const second = await createDatabase(url)
  await ping(second.db, undefined)
  await second.close()
})

test("what a creation left that was cut short is no database", async () => {
  const folder = await newFolder()
  await mkdir(join(folder, "db.unfinished"))
  await writeFile(join(folder, "db.unfinished", "PG_VERSION"), "18\n")

  const { db, migrate, close } = await createDatabase(pathToFileURL(folder).href)
  await migrate()
  await ping(db, undefined)
  await close()
})
