import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdir, mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"
import { newEmbeddedFolder } from "../../test/openTestDatabase.ts"
import { createDatabase, DatabaseUnusable, DataFolderInUse, ping } from "../index.ts"

const newFolder = () => mkdtemp(join(tmpdir(), "latchkey-test-"))

test("a folder in use is refused until its database is closed", async () => {
  const url = pathToFileURL(await newEmbeddedFolder()).href
  const first = await createDatabase(url)

  await expect(createDatabase(url)).rejects.toThrow(DataFolderInUse)

  await first.close()
  const second = await createDatabase(url)
  await ping(second.db, undefined)
  await second.close()
})

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

/** Polls the mode of a path from another process, as another user could; PGlite blocks this one. */
function watchMode(path: string) {
  const program = `
    const modes = new Set()
    process.stdin.on("end", () => { console.log([...modes].join()); process.exit() }).resume()
    setInterval(() => {
      try { modes.add((fs.statSync(process.argv[1]).mode & 0o777).toString(8)) } catch {}
    }, 1)`
  const child = spawn(process.execPath, ["-e", program, path], { stdio: ["pipe", "pipe", "inherit"] })
  return async () => {
    child.stdin.end()
    const [modes] = await once(child.stdout, "data")
    return String(modes).trim()
  }
}

test("a new database replaces the leftovers of an interrupted creation, and is private at every moment", async () => {
  const folder = await newFolder()
  await mkdir(join(folder, "db.unfinished"), { mode: 0o700 })
  await writeFile(join(folder, "db.unfinished", "PG_VERSION"), "18\n")
  // Even in an open folder and without a umask.
  await chmod(folder, 0o755)
  const endWatch = watchMode(join(folder, "db.unfinished"))
  const umask = process.umask(0)
  try {
    const { db, migrate, close } = await createDatabase(pathToFileURL(folder).href)
    await migrate()
    await ping(db, undefined)
    await close()
  } finally {
    process.umask(umask)
  }

  expect(await endWatch()).toBe("700")
  expect(await modeOf(join(folder, "db"))).toBe(0o700)
  expect(await modeOf(join(folder, "lock"))).toBe(0o600)
})

test("a database that an earlier version left open to others is made private", async () => {
  const folder = await newEmbeddedFolder()
  await Promise.all([
    chmod(folder, 0o755),
    chmod(join(folder, "db"), 0o755),
    chmod(join(folder, "lock"), 0o644),
  ])

  const { close } = await createDatabase(pathToFileURL(folder).href)

  expect(await modeOf(join(folder, "db"))).toBe(0o700)
  expect(await modeOf(join(folder, "lock"))).toBe(0o600)
  await close()
})

test.each([
  [
    "of another version",
    (db: string) => writeFile(join(db, "PG_VERSION"), "17\n"),
    /^expected a database of PostgreSQL 18 in /,
  ],
  ["without its version", (db: string) => rm(join(db, "PG_VERSION")), /is damaged; restore/],
  [
    "with an empty control file",
    (db: string) => truncate(join(db, "global/pg_control")),
    /is damaged; restore/,
  ],
  [
    "without its write-ahead log",
    (db: string) => rm(join(db, "pg_wal"), { recursive: true }),
    /is damaged; restore/,
  ],
])(
  "a database %s is refused with a clear message, and the folder is unlocked",
  async (_, damage, message) => {
    const folder = await newEmbeddedFolder()
    await damage(join(folder, "db"))
    const open = () => createDatabase(pathToFileURL(folder).href)

    await expect(open()).rejects.toThrow(DatabaseUnusable)
    await expect(open()).rejects.toThrow(message)
  },
)
