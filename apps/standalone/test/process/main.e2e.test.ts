import { once } from "node:events"
import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { createTestDatabase, eventually, startFakePostgres } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"

test("invalid configuration: one line per variable, exit code 1, no stack trace", async () => {
  const server = spawnBuiltServer({ PORT: "http", DATABASE_URL: "postgres://localhost/x" })
  expect(await server.exited).toEqual({ code: 1, signal: null })
  expect(server.output).toEqual([
    "PORT: expected a whole number from 0 to 65535",
    "AUTH_SECRET: required with DATABASE_URL; make one with: openssl rand -hex 32",
  ])
})

test("a database that refuses the password: one line without it, at once, exit code 1", async () => {
  await using refusing = await startFakePostgres({ code: "28P01" })
  const server = spawnBuiltServer({
    DATABASE_URL: `postgres://user:hunter2@127.0.0.1:${refusing.port}/x`,
    AUTH_SECRET: newSecret(),
  })
  expect(await server.exited).toEqual({ code: 1, signal: null })
  expect(server.output).toHaveLength(1)
  expect(server.output[0]).toContain("28P01")
  expect(server.output[0]).not.toContain("hunter2")
})

test("METRICS_PORT is in use: one line that names the variable, exit code 1", async () => {
  const taken = createServer().listen(0, "127.0.0.1")
  await once(taken, "listening")
  const address = taken.address()
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address")
  await using database = await createTestDatabase(inject("postgresUrl"))
  const server = spawnBuiltServer({
    DATABASE_URL: database.url,
    AUTH_SECRET: newSecret(),
    METRICS_PORT: String(address.port),
  })
  expect(await server.exited).toEqual({ code: 1, signal: null })
  expect(server.output).toEqual([
    "METRICS_PORT: expected a port that is free and may be listened on (EADDRINUSE)",
  ])
  taken.close()
})

test("a second process on the same data folder exits with one clear line, and the first keeps running", async () => {
  const DATA_DIR = await newMigratedEmbeddedFolder()
  const first = spawnBuiltServer({ DATA_DIR })
  const url = await first.url

  const second = spawnBuiltServer({ DATA_DIR })
  expect(await second.exited).toEqual({ code: 1, signal: null })
  expect(second.output.filter((line) => !line.startsWith("{"))).toEqual([
    `another process is using the data folder ${DATA_DIR}`,
  ])

  expect((await rest(url, "GET", "/readyz")).status).toBe(200)
  first.child.kill("SIGTERM")
  expect(await first.exited).toEqual({ code: 0, signal: null })
})

test("the generated secret is readable only by its owner, and survives a restart", async () => {
  const DATA_DIR = await newMigratedEmbeddedFolder()
  const first = spawnBuiltServer({ DATA_DIR })
  const { accessToken } = await register(await first.url)
  const secret = await readFile(join(DATA_DIR, "auth-secret"), "utf8")
  expect((await stat(join(DATA_DIR, "auth-secret"))).mode & 0o777).toBe(0o600)
  expect(first.output.join("\n")).not.toContain(secret.trim())
  first.child.kill("SIGINT")
  expect(await first.exited).toEqual({ code: 0, signal: null })

  const second = spawnBuiltServer({ DATA_DIR })
  expect((await rest(await second.url, "GET", "/auth/me", { accessToken })).status).toBe(200)
  second.child.kill("SIGTERM")
  await second.exited
  expect((await readdir(DATA_DIR)).sort()).toEqual(["auth-secret", "db", "lock"])
})

test("an empty secret file is refused", async () => {
  const DATA_DIR = await newMigratedEmbeddedFolder()
  await writeFile(join(DATA_DIR, "auth-secret"), "")
  const server = spawnBuiltServer({ DATA_DIR })
  expect(await server.exited).toEqual({ code: 1, signal: null })
  expect(server.output.at(-1)).toMatch(/^DATA_DIR: expected 64 hex characters in .*auth-secret/)
})

test("DATA_DIR is a file: one line that says so, exit code 1", async () => {
  const DATA_DIR = join(await mkdtemp(join(tmpdir(), "latchkey-test-")), "file")
  await writeFile(DATA_DIR, "")
  const server = spawnBuiltServer({ DATA_DIR })
  expect(await server.exited).toEqual({ code: 1, signal: null })
  expect(server.output.filter((line) => !line.startsWith("{"))).toEqual([
    expect.stringMatching(/^DATA_DIR: expected a folder .* \(ENOTDIR\)$/),
  ])
})

test("after kill -9 at any moment, the server starts again and every acknowledged change holds", async () => {
  const DATA_DIR = await newMigratedEmbeddedFolder()
  const created: { id: string; key: string }[] = []
  const revoked = new Set<string>()
  /** Keys whose revocation was sent and got no response, so that either outcome is valid. */
  const undecided = new Set<string>()

  for (let trial = 1; trial < 6; trial++) {
    const server = spawnBuiltServer({ DATA_DIR })
    const url = await server.url
    const { accessToken } = await register(url)
    let alive = true
    const work = async () => {
      while (alive) {
        const { status, body } = await rest(url, "POST", "/auth/apikeys", {
          accessToken,
          body: { label: "x" },
        })
        if (status !== 201) continue
        created.push(body)
        if (created.length % 3 !== 0) continue
        undecided.add(body.id)
        const revocation = await rest(url, "DELETE", `/auth/apikeys/${body.id}`, { accessToken })
        if (revocation.status === 204) revoked.add(body.id)
        undecided.delete(body.id)
      }
    }
    const enough = created.length + 2 + trial
    const workers = Promise.allSettled([work(), work()])
    await eventually(() => expect(created.length).toBeGreaterThanOrEqual(enough))
    server.child.kill("SIGKILL")
    await server.exited
    alive = false
    await workers
  }

  const server = spawnBuiltServer({ DATA_DIR })
  const url = await server.url
  expect(created.length).toBeGreaterThan(10)
  expect(revoked.size).toBeGreaterThan(2)
  for (const { id, key } of created) {
    if (undecided.has(id)) continue
    const { status } = await rest(url, "GET", "/auth/me", { apiKey: key })
    expect(status).toBe(revoked.has(id) ? 401 : 200)
  }
  server.child.kill("SIGTERM")
  await server.exited
})
