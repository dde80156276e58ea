import { chmod, mkdir, readFile, rename, rm, stat, statfs } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { PGlite } from "@electric-sql/pglite"
import { DatabaseUnusable } from "../migrate/databaseUnusable.ts"
import type { OpenEmbedded } from "./createEmbedded.ts"
import { lockFolder } from "./lockFolder.ts"
import { openPGlite } from "./openPGlite.ts"

/** The PostgreSQL version in PGlite, which can't open databases of other versions. */
const POSTGRES_VERSION = "18"

/**
 * Opens the embedded database of a folder, creating it on first use, and holds the folder's lock until `close`.
 *
 * @throws {DataFolderInUse}
 * @throws {DatabaseUnusable} if the folder's database can't be opened.
 */
export async function openEmbedded(folder: string): Promise<OpenEmbedded> {
  await createFolder(folder)
  const unlock = await lockFolder(folder)
  try {
    const dataDir = join(folder, "db")
    if (await exists(dataDir)) {
      await closeToOthers(dataDir)
      await checkVersion(dataDir)
    } else {
      await createDataDir(dataDir)
    }
    const client = await open(dataDir)
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

/**
 * Creates a folder and its parents. Node's own `recursive` never returns if a parent exists but can't hold folders,
 * as in /proc.
 */
async function createFolder(folder: string): Promise<void> {
  const create = () =>
    mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    })
  try {
    await create()
  } catch (error) {
    const parent = dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === folder) throw error
    await createFolder(parent)
    await create()
  }
}

/**
 * Creates the database under another name and renames it when complete, so that a process killed meanwhile leaves
 * nothing that looks like a database.
 */
async function createDataDir(dataDir: string) {
  const unfinished = `${dataDir}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  const client = await open(unfinished)
  await client.close()
  await rename(unfinished, dataDir)
}

/**
 * PGlite's files are readable and writable for everyone, whatever the umask, so the folder has to keep others out. An
 * earlier version left it open if its parent was.
 */
async function closeToOthers(dataDir: string) {
  const { mode } = await stat(dataDir)
  if ((mode & 0o777) !== 0o700) await chmod(dataDir, 0o700)
}

async function checkVersion(dataDir: string) {
  const version = await readFile(join(dataDir, "PG_VERSION"), "utf8").catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") throw damaged(dataDir, error)
      throw error
    },
  )
  if (version.trim() === POSTGRES_VERSION) return
  throw new DatabaseUnusable(
    `expected a database of PostgreSQL ${POSTGRES_VERSION} in ${dataDir}; open it with the version of Latchkey that ` +
      "created it, or choose another folder",
  )
}

async function open(dataDir: string): Promise<PGlite> {
  try {
    return await openPGlite({ dataDir })
  } catch (error) {
    throw (await isFull(dataDir)) ? full(dataDir, error) : damaged(dataDir, error)
  }
}

/** PGlite does not say why it failed. */
async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < NEEDED_BYTES
}

/** The size of a new database. */
const NEEDED_BYTES = 48_000_000

const full = (dataDir: string, cause: unknown) =>
  new DatabaseUnusable(`expected more free space on the disk of ${dataDir}`, { cause })

const damaged = (dataDir: string, cause: unknown) =>
  new DatabaseUnusable(
    `the database in ${dataDir} is damaged; restore the folder from a backup, or choose another folder for a new database`,
    { cause },
  )

async function exists(path: string) {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false
      throw error
    },
  )
}
