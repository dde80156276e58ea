import { existsSync, readFileSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { createDatabase } from "../src/createDatabase.ts"

const pglite = dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite"))
const { version } = JSON.parse(readFileSync(join(pglite, "../package.json"), "utf8")) as { version: string }

const cache = fileURLToPath(new URL("../node_modules/.cache", import.meta.url))

/**
 * Returns a folder with a new embedded database, for tests to copy. Creating one takes seconds of CPU time, so it is
 * cached between runs, for each version of PGlite.
 */
export async function newEmbedded(): Promise<string> {
  const folder = join(cache, `embedded-${version}`)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  const unfinished = await mkdtemp(`${folder}-`)
  const { close } = await createDatabase(pathToFileURL(unfinished).href)
  await close()
  try {
    await rename(unfinished, folder)
  } catch (error) {
    // Another worker was first.
    if (!existsSync(folder)) throw error
    await rm(unfinished, { recursive: true })
  }
  return folder
}
