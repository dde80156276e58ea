import { existsSync, readFileSync } from "node:fs"
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { createDatabase } from "../src/createDatabase.ts"
import { digestMigrations } from "./digestMigrations.ts"

const pglite = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"))
const { version } = JSON.parse(readFileSync(join(pglite, "../package.json"), "utf8")) as { version: string }

const cache = fileURLToPath(new URL("../node_modules/.cache", import.meta.url))

/**
 * Returns a folder with a new embedded database, for tests to copy. Creating one takes seconds of CPU time, so it is
 * cached between runs, for each version of PGlite.
 */
export const newEmbedded = (): Promise<string> =>
  cached(`embedded-${version}`, async (folder) => {
    const { close } = await createDatabase(pathToFileURL(folder).href)
    await close()
  })

/** Returns a folder with a new and migrated embedded database, cached for each set of migrations. */
export async function newMigratedEmbedded(): Promise<string> {
  return cached(`embedded-${version}-${await digestMigrations()}`, async (folder) => {
    await cp(await newEmbedded(), folder, { recursive: true })
    const { migrate, close } = await createDatabase(pathToFileURL(folder).href)
    await migrate()
    await close()
  })
}

/** Returns the cache's folder of this name. If there is none, `fill` gets an empty one. */
async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const unfinished = await mkdtemp(`${folder}-`)
  await fill(unfinished)
  try {
    await rename(unfinished, folder)
  } catch (error) {
    // Another worker was first.
    if (!existsSync(folder)) throw error
    await rm(unfinished, { recursive: true })
  }
  return folder
}
