import { mkdir, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { lockFolder } from "./lockFolder.ts"

/** Opens the embedded database of a folder, creating it on first use, and holds the folder's lock until `close`. */
export async function openEmbedded(folder: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(folder)
  try {
    const dataDir = join(folder, "db")
    if (!(await exists(dataDir))) await createDataDir(dataDir)
    const client = await PGlite.create({ dataDir })
    return {
      client,
      async close() {
        await client.close()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Made aside and renamed when whole: a process killed meanwhile leaves nothing that looks like a database. */
async function createDataDir(dataDir: string) {
  const unfinished = `${dataDir}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  const client = await PGlite.create({ dataDir: unfinished })
  await client.close()
  await rename(unfinished, dataDir)
}

async function exists(path: string) {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false
      throw error
    },
  )
}
