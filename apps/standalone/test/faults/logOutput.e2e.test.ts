import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
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
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test, vi } from "vitest"
import { newSecret, rest } from "../testServer.ts"
import { canMountTmpfs, mountTmpfs } from "./tmpfs.ts"

const builtServer = fileURLToPath(new URL("../../dist/main.js", import.meta.url))

/** More lines than may wait: each has some 200 bytes. */
const MANY = 8_000

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return String(port)
}

/** A server as a process of its own, whose standard output is a file descriptor of ours. */
async function startServer(stdout: number) {
  const database = await createTestDatabase(inject("postgresUrl"))
  const [port, metricsPort] = [await freePort(), await freePort()]
  const child = spawn(process.execPath, [builtServer], {
    env: {
      PATH: process.env.PATH,
      PORT: port,
      METRICS_PORT: metricsPort,
      DATABASE_URL: database.url,
      AUTH_SECRET: newSecret(),
    },
    stdio: ["ignore", stdout, "inherit"],
  })
  closeSync(stdout)
  onTestFinished(async () => {
    child.kill("SIGKILL")
    await database[Symbol.asyncDispose]()
  })
  const url = `http://127.0.0.1:${port}`
  const isReady = () => rest(url, "GET", "/readyz").then(({ status }) => expect(status).toBe(200))
  await vi.waitFor(isReady, { timeout: 20_000, interval: 50 })
  return {
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    async stop() {
      child.kill("SIGTERM")
      const [code, signal] = await once(child, "exit")
      return { code, signal }
    },
  }
}

/** Makes the server log so many lines; it has to answer each request. */
async function makeItLog(url: string, lines: number) {
  let left = lines
  const ask = async () => {
    while (left-- > 0) expect((await fetch(`${url}/healthz`)).status).toBe(200)
  }
  await Promise.all(Array.from({ length: 16 }, ask))
}

const droppedBy = (lines: readonly string[]) =>
  lines
    .map((line) => /"msg":"(\d+) log lines dropped"/.exec(line)?.[1])
    .filter((count) => count !== undefined)

const requestsIn = (lines: readonly string[]) =>
  lines.filter((line) => JSON.parse(line).route === "/healthz").length

async function makePipe() {
  const path = join(await mkdtemp(join(tmpdir(), "latchkey-pipe-")), "pipe")
  execFileSync("mkfifo", [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY), path }
}

const GONE = { code: 0, signal: null }

test("a pipe that nobody reads: it serves and stops; read again, the log says how many lines are missing", async () => {
  const { reader, writer, path } = await makePipe()
  const { url, metricsUrl, stop } = await startServer(writer)
  await makeItLog(url, MANY)

  const lines: string[] = []
  createInterface(createReadStream(path)).on("line", (line) => lines.push(line))
  closeSync(reader)
  await vi.waitFor(() => expect(droppedBy(lines)).toHaveLength(1), { timeout: 10_000 })

  const dropped = Number(droppedBy(lines)[0])
  expect(dropped).toBeGreaterThan(0)
  expect(requestsIn(lines) + dropped).toBe(MANY)
  expect(await (await fetch(metricsUrl)).text()).toContain(`\nlatchkey_log_lines_dropped_total ${dropped}\n`)
  expect(await stop()).toEqual(GONE)
  expect(lines.at(-1)).toContain("stopping")
}, 60_000)

test("a pipe that nobody ever reads: SIGTERM ends the process", async () => {
  const { writer } = await makePipe()
  const { url, stop } = await startServer(writer)
  await makeItLog(url, MANY)
  expect(await stop()).toEqual(GONE)
}, 60_000)

test("a pipe that is closed at its other end: it serves and stops", async () => {
  const { reader, writer } = await makePipe()
  const { url, stop } = await startServer(writer)
  closeSync(reader)
  await makeItLog(url, 100)
  expect(await stop()).toEqual(GONE)
}, 60_000)

test.runIf(process.platform === "linux")(
  "a device that takes nothing: it serves and stops",
  async () => {
    const { url, stop } = await startServer(openSync("/dev/full", "w"))
    await makeItLog(url, 100)
    expect(await stop()).toEqual(GONE)
  },
  60_000,
)

test.runIf(canMountTmpfs())(
  "a full disk: it serves and stops; with space again, the log goes on and says how many lines are missing",
  async () => {
    using disk = mountTmpfs(16_000_000)
    const [file, filler] = [join(disk.folder, "log"), join(disk.folder, "filler")]
    const { url, stop } = await startServer(openSync(file, "a"))
    expect(() => writeFileSync(filler, Buffer.alloc(32_000_000))).toThrow("ENOSPC")
    await makeItLog(url, MANY)

    rmSync(filler)
    const lines = () => readFileSync(file, "utf8").split("\n").filter(Boolean)
    await vi.waitFor(() => expect(droppedBy(lines())).toHaveLength(1), { timeout: 10_000 })

    expect(requestsIn(lines()) + Number(droppedBy(lines())[0])).toBe(MANY)
    expect(await stop()).toEqual(GONE)
    expect(lines().at(-1)).toContain("stopping")
  },
  60_000,
)
