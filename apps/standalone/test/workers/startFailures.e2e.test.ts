import { once } from "node:events"
import { createServer } from "node:net"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { createTestDatabase, startFakePostgres } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, spawnBuiltServer } from "../testServer.ts"
import { linesOf } from "./startWorkers.ts"

const FAILED = { code: 1, signal: null }

test("wrong configuration is reported once, exit code 1", async () => {
  const server = spawnBuiltServer({ WORKERS: "4", PORT: "http", DATABASE_URL: "postgres://localhost/x" })
  expect(await server.exited).toEqual(FAILED)
  expect(server.output).toEqual([
    "PORT: expected a whole number from 0 to 65535",
    "AUTH_SECRET: required with DATABASE_URL; make one with: openssl rand -hex 32",
  ])
})

test("a database that refuses the password: one line from one worker, exit code 1", async () => {
  await using refusing = await startFakePostgres({ code: "28P01" })
  const server = spawnBuiltServer({
    DATABASE_URL: `postgres://user:hunter2@127.0.0.1:${refusing.port}/x`,
    AUTH_SECRET: newSecret(),
    WORKERS: "3",
  })
  expect(await server.exited).toEqual(FAILED)
  expect(server.output).toEqual([expect.stringMatching(/^DATABASE_URL: .*28P01/)])
})

test.each(["PORT", "METRICS_PORT"])(
  "%s is in use: one line, exit code 1",
  async (variable) => {
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    const address = taken.address()
    if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
    await using database = await createTestDatabase(inject("postgresUrl"))
    const server = spawnBuiltServer({
      DATABASE_URL: database.url,
      AUTH_SECRET: newSecret(),
      WORKERS: "2",
      [variable]: String(address.port),
    })
    expect(await server.exited).toEqual(FAILED)
    expect(server.output).toEqual([
      `${variable}: expected a port that is free and may be listened on (EADDRINUSE)`,
    ])
    taken.close()
  },
  180_000,
)

test("if workers crash again and again while they start, the server ends with a line that says so", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  const crash = `if (process.argv.includes("worker")) process.kill(process.pid, "SIGKILL")`
  const server = spawnBuiltServer({
    DATABASE_URL: database.url,
    AUTH_SECRET: newSecret(),
    WORKERS: "2",
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}`,
  })
  expect(await server.exited).toEqual(FAILED)
  expect(server.output.filter((line) => !line.startsWith("{"))).toEqual([
    "a worker has ended 5 times before it could serve (SIGKILL)",
  ])
})

test("the embedded database has one worker, and one line says so", async () => {
  const server = spawnBuiltServer({ DATA_DIR: await newMigratedEmbeddedFolder(), WORKERS: "2" })
  await server.url
  server.child.kill("SIGTERM")
  expect(await server.exited).toEqual({ code: 0, signal: null })
  expect(linesOf(server).filter(({ msg }) => msg?.startsWith("WORKERS"))).toEqual([
    expect.objectContaining({
      level: 40,
      msg: "WORKERS: only one process can open the embedded database, so there is one worker",
    }),
  ])
})
