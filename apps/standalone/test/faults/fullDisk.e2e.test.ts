import { chown, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { connect, createTestDatabase, startPostgres } from "@latchkey/test-postgres"
import { expect, test, vi } from "vitest"
import { newSecret, registerWithKey, rest, spawnBuiltServer } from "../testServer.ts"
import { createLedger } from "./ledger.ts"
import { canMountTmpfs, mountTmpfs } from "./tmpfs.ts"

/** The tables of an empty database take 8 MB. */
const DISK_BYTES = 24_000_000
/** Whom PostgreSQL runs as in tests that root runs. */
const NOBODY = 65534
/** More than the rest of the pages that there are takes. */
const MANY = 400

/** A database whose tables are on a small disk, apart from the log that PostgreSQL recovers from. */
async function createOnDisk(serverUrl: string, disk: string) {
  const database = await createTestDatabase(serverUrl)
  const space = join(disk, "space")
  await mkdir(space)
  await chown(space, NOBODY, NOBODY)
  const sql = connect(serverUrl)
  await sql.unsafe(`create tablespace small location '${space}'`)
  await sql.unsafe(`alter database ${new URL(database.url).pathname.slice(1)} set tablespace small`)
  await sql.end()
  return database
}

/** Leaves no byte free. */
async function fill(file: string) {
  for (const size of [1_000_000, 4_096]) {
    const filled = await untilFull(file, Buffer.alloc(size))
    if (!/ENOSPC/.test(filled)) throw new Error(filled)
  }
}

async function untilFull(file: string, piece: Buffer): Promise<string> {
  try {
    for (;;) await writeFile(file, piece, { flag: "a" })
  } catch (error) {
    return String(error)
  }
}

test.runIf(canMountTmpfs())(
  "a full disk under the tables: reads go on, writes are 503, and free space is all that it takes",
  async () => {
    using disk = mountTmpfs(DISK_BYTES)
    await using postgres = await startPostgres()
    await using database = await createOnDisk(postgres.url, disk.folder)
    const server = spawnBuiltServer({
      DATABASE_URL: database.url,
      AUTH_SECRET: newSecret(),
      MAX_KEYS_PER_USER: "100000",
    })
    const url = await server.url
    const { apiKey, accessToken } = await registerWithKey(url)
    const ledger = createLedger()
    const create = () => ledger.create(url, accessToken)
    for (let n = 0; n < 3; n++) expect(await create()).toBe(201)

    const filler = join(disk.folder, "filler")
    await fill(filler)
    const answers: number[] = []
    while (answers.at(-1) !== 503 && answers.length < MANY) answers.push(await create())
    expect(answers.at(-1)).toBe(503)

    for (let n = 0; n < 5; n++) {
      for (const credential of [{ apiKey }, { accessToken }]) {
        expect((await rest(url, "GET", "/auth/me", credential)).status).toBe(200)
        expect((await rest(url, "GET", "/auth/apikeys", credential)).status).toBe(200)
      }
      expect([201, 503]).toContain(await create())
      expect([204, 503]).toContain(await ledger.revoke(url))
    }
    await ledger.verify(url)

    await rm(filler)
    await vi.waitFor(async () => expect(await create()).toBe(201), { timeout: 5_000, interval: 50 })
    await ledger.settle(url)
    await ledger.verify(url)
    expect(server.child.exitCode).toBeNull()
    server.child.kill("SIGTERM")
    expect(await server.exited).toEqual({ code: 0, signal: null })
  },
  120_000,
)
