import { chown, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { connect, createTestDatabase, eventually, startPostgres } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { newSecret, registerWithKey, rest, spawnBuiltServer } from "../testServer.ts"
import { createLedger } from "./ledger.ts"
import { canMountTmpfs, mountTmpfs } from "./tmpfs.ts"

/** The tables of an empty database take 8 MB. */
const DISK_BYTES = 24_000_000
/** The id of the user that PostgreSQL runs as if root runs the tests. */
const NOBODY = 65534
/** More creations than fit into the pages that are already allocated. */
const MAX_CREATIONS = 400

/** Creates a database whose tables are on a small disk, apart from PostgreSQL's write-ahead log. */
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

/** Writes to a file until no byte of the disk is free. */
async function fill(file: string) {
  for (const size of [1_000_000, 4_096]) {
    const error = await writeUntilError(file, Buffer.alloc(size))
    if (!/ENOSPC/.test(error)) throw new Error(error)
  }
}

async function writeUntilError(file: string, bytes: Buffer): Promise<string> {
  try {
    for (;;) await writeFile(file, bytes, { flag: "a" })
  } catch (error) {
    return String(error)
  }
}

test.runIf(canMountTmpfs())(
  "a full disk under the tables: reads succeed, writes get a 503, and freeing space is enough to recover",
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
    const statuses: number[] = []
    while (statuses.at(-1) !== 503 && statuses.length < MAX_CREATIONS) statuses.push(await create())
    expect(statuses.at(-1)).toBe(503)

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
    await eventually(async () => expect(await create()).toBe(201))
    await ledger.settle(url)
    await ledger.verify(url)
    expect(server.child.exitCode).toBeNull()
    server.child.kill("SIGTERM")
    expect(await server.exited).toEqual({ code: 0, signal: null })
  },
  180_000,
)
