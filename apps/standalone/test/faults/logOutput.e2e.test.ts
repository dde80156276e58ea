import { execFileSync } from "node:child_process"
import {
  closeSync,
  constants,
  createReadStream,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { createMigratedDatabase } from "@latchkey/db/test"
import { eventually, freePort } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { expectNoSecrets, newSecret, rest, spawnBuiltServer } from "../testServer.ts"
import { canMountTmpfs, mountTmpfs } from "./tmpfs.ts"

/** More lines than fit into the server's buffer. Each has about 200 bytes. */
const LINES = 8_000

/** Starts a server process with this file descriptor as standard output. */
async function startServer(stdout: number, variables: Record<string, string> = {}) {
  const database = await createMigratedDatabase(inject("postgresUrl"))
  onTestFinished(() => database[Symbol.asyncDispose]())
  // The log, which names the ports that the server listens on, is not read while the server runs.
  const [port, metricsPort] = [await freePort(), await freePort()]
  const server = spawnBuiltServer(
    {
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      DATABASE_URL: database.url,
      AUTH_SECRET: newSecret(),
      ...variables,
    },
    { stdout },
  )
  closeSync(stdout)
  const url = `http://127.0.0.1:${port}`
  const isReady = () => rest(url, "GET", "/readyz").then(({ status }) => expect(status).toBe(200))
  await eventually(isReady)
  return {
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    stop() {
      server.child.kill("SIGTERM")
      return server.exited
    },
  }
}

const CONNECTIONS = 20
/** Fewer than a connection may have waiting. */
const PIPELINED = 20
const HEALTH = request("GET /healthz", ["Connection: keep-alive"])

/**
 * Sends requests that make the server log `lines` lines, a multiple of `CONNECTIONS`. Every request must succeed. They
 * are pipelined, because a `fetch` takes more CPU time than its response.
 */
async function makeServerLog(url: string, lines: number) {
  const work = async () => {
    using connection = openConnection(url)
    for (let left = lines / CONNECTIONS; left > 0; left -= PIPELINED) {
      const count = Math.min(left, PIPELINED)
      connection.write(Buffer.concat(Array(count).fill(HEALTH)))
      for (let n = 0; n < count; n++) expect((await connection.read())?.status).toBe(200)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}

const droppedCounts = (lines: readonly string[]) =>
  lines
    .map((line) => /"msg":"(\d+) log lines dropped"/.exec(line)?.[1])
    .filter((count) => count !== undefined)

const countRequests = (lines: readonly string[]) =>
  lines.filter((line) => JSON.parse(line).route === "/healthz").length

async function makePipe() {
  const path = join(await mkdtemp(join(tmpdir(), "latchkey-pipe-")), "pipe")
  execFileSync("mkfifo", [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY), path }
}

const CLEAN_EXIT = { code: 0, signal: null }

test("nobody reads the log's pipe: the server serves, and when it is read again, a line says how many lines were dropped", async () => {
  const { reader, writer, path } = await makePipe()
  const { url, metricsUrl, stop } = await startServer(writer)
  await makeServerLog(url, LINES)

  const lines: string[] = []
  createInterface(createReadStream(path)).on("line", (line) => lines.push(line))
  closeSync(reader)
  await eventually(() => expect(droppedCounts(lines)).toHaveLength(1))

  const dropped = Number(droppedCounts(lines)[0])
  expect(dropped).toBeGreaterThan(0)
  expect(countRequests(lines) + dropped).toBe(LINES)
  expect(await (await fetch(metricsUrl)).text()).toContain(`\nlatchkey_log_lines_dropped_total ${dropped}\n`)
  expect(await stop()).toEqual(CLEAN_EXIT)
  expect(lines.at(-1)).toContain("stopping")
  expectNoSecrets(lines)
})

test("workers share a pipe that is read late: no line is torn", async () => {
  const { reader, writer, path } = await makePipe()
  const { url, stop } = await startServer(writer, { WORKERS: "2" })
  await makeServerLog(url, LINES / 2)

  const lines: string[] = []
  createInterface(createReadStream(path)).on("line", (line) => lines.push(line))
  closeSync(reader)
  await makeServerLog(url, LINES / 2)
  expect(await stop()).toEqual(CLEAN_EXIT)
  await eventually(() => expect(countRequests(lines)).toBe(LINES))
})

test("nobody ever reads the log's pipe: SIGTERM ends the process", async () => {
  const { writer } = await makePipe()
  const { url, stop } = await startServer(writer)
  await makeServerLog(url, LINES)
  expect(await stop()).toEqual(CLEAN_EXIT)
})

test("the log's reader closes the pipe: the server serves and stops", async () => {
  const { reader, writer } = await makePipe()
  const { url, stop } = await startServer(writer)
  closeSync(reader)
  await makeServerLog(url, 100)
  expect(await stop()).toEqual(CLEAN_EXIT)
})

test.runIf(process.platform === "linux")(
  "the log's device refuses writes: the server serves and stops",
  async () => {
    const { url, stop } = await startServer(openSync("/dev/full", "w"))
    await makeServerLog(url, 100)
    expect(await stop()).toEqual(CLEAN_EXIT)
  },
  180_000,
)

test.runIf(canMountTmpfs())(
  "the log's disk is full: the server serves, and when there is space, a line says how many were dropped",
  async () => {
    using disk = mountTmpfs(16_000_000)
    const [file, filler] = [join(disk.folder, "log"), join(disk.folder, "filler")]
    const { url, stop } = await startServer(openSync(file, "a"))
    expect(() => writeFileSync(filler, Buffer.alloc(32_000_000))).toThrow("ENOSPC")
    await makeServerLog(url, LINES)

    rmSync(filler)
    const lines = () => readFileSync(file, "utf8").split("\n").filter(Boolean)
    await eventually(() => expect(droppedCounts(lines())).toHaveLength(1))

    expect(countRequests(lines()) + Number(droppedCounts(lines())[0])).toBe(LINES)
    expect(await stop()).toEqual(CLEAN_EXIT)
    expect(lines().at(-1)).toContain("stopping")
    expectNoSecrets(lines())
  },
  180_000,
)
