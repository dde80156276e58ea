import { mkdtemp, readdir, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect, createTestDatabase, startFakePostgres } from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import { newSecret, rest, spawnBuiltServer } from "../testServer.ts"

/** Of the lock under which instances migrate. */
const MIGRATION_LOCK = "7809651199139603833"

const STOPPED = { code: 0, signal: null }

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  test("while another instance migrates: the server has logged that it waits, and exits with code 0", async () => {
    await using database = await createTestDatabase(inject("postgresUrl"))
    const other = connect(database.url)
    await other`select pg_advisory_lock(${MIGRATION_LOCK})`
    const server = spawnBuiltServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
    const waiting = "another instance is migrating the database; waiting for it to finish"
    await expect.poll(() => server.output.at(-1), { timeout: 20_000 }).toContain(waiting)

    server.child.kill(signal)

    expect(await server.exited).toEqual(STOPPED)
    expect(server.output.at(-1)).toContain("stopping")
    await other.end()
  })

  test("while PostgreSQL is still starting: the server exits with code 0", async () => {
    await using postgres = await startFakePostgres({ code: "57P03" })
    const server = spawnBuiltServer({
      DATABASE_URL: `postgres://u@127.0.0.1:${postgres.port}/d`,
      AUTH_SECRET: newSecret(),
    })
    await expect
      .poll(() => server.output.at(-1), { timeout: 20_000 })
      .toContain("it is still starting (57P03); waiting up to 60 s")

    server.child.kill(signal)

    expect(await server.exited).toEqual(STOPPED)
    expect(server.output.at(-1)).toContain("stopping")
  })

  test("while the embedded database is created: the server exits with code 0", async () => {
    const server = await spawnWhileCreating(await newFolder())

    server.child.kill(signal)

    expect(await server.exited).toEqual(STOPPED)
    expect(server.output.join("\n")).not.toContain("serving")
  })
})

test("after a stop and a kill -9 while the embedded database was created, the next server starts", async () => {
  const DATA_DIR = await newFolder()
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const server = await spawnWhileCreating(DATA_DIR)
    server.child.kill(signal)
    await server.exited
  }

  const server = spawnBuiltServer({ DATA_DIR })
  expect((await rest(await server.url, "GET", "/readyz")).status).toBe(200)
  server.child.kill("SIGTERM")
  await server.exited
  expect((await readdir(DATA_DIR)).sort()).toEqual(["auth-secret", "db", "lock"])
})

const newFolder = () => mkdtemp(join(tmpdir(), "latchkey-test-"))

/** Spawns a server, and waits until it has begun to create a database in the folder. */
async function spawnWhileCreating(DATA_DIR: string) {
  const identify = () => stat(join(DATA_DIR, "db.unfinished")).catch(() => null)
  const before = await identify()
  const server = spawnBuiltServer({ DATA_DIR })
  const differs = async () => {
    const now = await identify()
    return now !== null && now.birthtimeMs !== before?.birthtimeMs
  }
  await expect.poll(differs, { interval: 5 }).toBe(true)
  return server
}
