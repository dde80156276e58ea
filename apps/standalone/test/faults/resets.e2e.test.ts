import { readFile } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import { createMigratedDatabase } from "@latchkey/db/test"
import { expect, inject, test } from "vitest"
import { newSecret, spawnBuiltServer } from "../testServer.ts"

const HOST = "Host: x\r\n"
const JSON_TYPE = "Content-Type: application/json\r\n"
const LOGIN = '{"email":"a@b.example","password":"not this one at all"}'

/** Requests with every method and protocol feature. */
const REQUESTS = [
  `GET /auth/me HTTP/1.1\r\n${HOST}\r\n`,
  `GET /metrics HTTP/1.1\r\n${HOST}\r\n`,
  `HEAD / HTTP/1.1\r\n${HOST}\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  `TRACE /auth/me HTTP/1.1\r\n${HOST}\r\n`,
  `CONNECT x:1 HTTP/1.1\r\n${HOST}\r\n`,
  `GET /auth/me HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
  `GET /auth/me HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET http://x/auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /auth/me HTTP/1.0\r\n\r\n",
  "GET /auth/me\r\n\r\n",
  "GET /auth/me HTTP/1.1\r\n\r\n",
  `GET /auth/me HTTP/1.1\r\n${HOST}${HOST}\r\n`,
  "hello\r\n\r\n",
  "\x16\x03\x01\r\n\r\n",
  `GET / HTTP/1.1\r\n${HOST}X: ${"x".repeat(20_000)}\r\n\r\n`,
  `POST /auth/login HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: ${LOGIN.length}\r\n\r\n${LOGIN}`,
  `POST /auth/login HTTP/1.1\r\n${HOST}${JSON_TYPE}Expect: 100-continue\r\nContent-Length: ${LOGIN.length}\r\n\r\n${LOGIN}`,
  `POST /auth/login HTTP/1.1\r\n${HOST}${JSON_TYPE}Expect: x\r\nContent-Length: 100\r\n\r\n{}`,
  `POST /auth/login HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 100000\r\n\r\n${"x".repeat(70_000)}`,
  `POST /trpc/auth.login HTTP/1.1\r\n${HOST}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n9\r\n{"json":{\r\n`,
  `POST /auth/login HTTP/1.1\r\n${HOST}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\nno length\r\n`,
  `GET /auth/me HTTP/1.1\r\n${HOST}\r\n`.repeat(10),
  `GET /openapi.json HTTP/1.1\r\n${HOST}\r\n`.repeat(20),
  `GET /auth/me HTTP/1.1\r\n${HOST}\r\nhello\r\n\r\n`,
  `GET /trpc/auth.me,auth.me?batch=1 HTTP/1.1\r\n${HOST}trpc-accept: application/jsonl\r\n\r\n`,
].map((text) => Buffer.from(text, "latin1"))

/** How many bytes of a request to send: none, parts of its request line, headers and body, and all. */
function cutsFor(request: Buffer) {
  const line = request.indexOf("\r\n")
  const head = request.indexOf("\r\n\r\n") + 4
  const middle = (from: number, to: number) => Math.floor((from + to) / 2)
  const { length } = request
  return new Set([
    0,
    1,
    line - 1,
    middle(line, head),
    head - 1,
    head,
    middle(head, length),
    length - 1,
    length,
  ])
}

/** When to reset the connection: with the last byte, shortly afterwards, or when the response begins. */
const MOMENTS: ((socket: Socket, reset: () => void) => void)[] = [
  (_, reset) => reset(),
  (_, reset) => setImmediate(() => setImmediate(reset)),
  (socket, reset) => {
    socket.once("data", reset)
    // Some requests get no response.
    setTimeout(reset, 50)
  },
]

const send = (port: number, bytes: Buffer, moment: (typeof MOMENTS)[number]) =>
  new Promise<void>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    socket.on("error", () => {})
    socket.on("close", () => resolve())
    socket.write(bytes, () => moment(socket, () => socket.resetAndDestroy()))
  })

/** Sends every request with every cut and resets it at every moment. Returns the number of connections. */
async function resetAll(port: number) {
  const jobs = REQUESTS.flatMap((request) =>
    [...cutsFor(request)].flatMap((cut) =>
      MOMENTS.map((moment) => () => send(port, request.subarray(0, cut), moment)),
    ),
  )
  const queue = jobs.values()
  const work = async () => {
    for (const job of queue) await job()
  }
  await Promise.all(Array.from({ length: 50 }, work))
  return jobs.length
}

const MEBIBYTE = 1024 * 1024

test("thousands of resets at every stage of a request stop neither port, and leak nothing", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const server = spawnBuiltServer({
    DATABASE_URL: database.url,
    AUTH_SECRET: newSecret(),
    METRICS_PORT: "0",
  })
  const url = await server.url
  const metricsUrl = /"metricsUrl":"([^"]+)"/.exec(server.output.join("\n"))?.[1] ?? ""
  const ports = [url, metricsUrl].map((text) => Number(new URL(text).port))
  const resetBoth = async () => {
    let connections = 0
    for (const port of ports) connections += await resetAll(port)
    return connections
  }
  const readMemory = async () => {
    const status = await readFile(`/proc/${server.child.pid}/status`, "utf8")
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
  }
  const readSockets = async () => {
    const metrics = await (await fetch(metricsUrl)).text()
    return Number(/^nodejs_active_resources\{type="TCPSocketWrap"\} (\d+)$/m.exec(metrics)?.[1])
  }

  const socketsBefore = await readSockets()
  await resetBoth()
  const memoryBefore = await readMemory()
  let connections = 0
  while (connections < 6_000) connections += await resetBoth()

  expect(server.child.exitCode).toBeNull()
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  // The pool may have opened up to 10 connections meanwhile.
  await expect.poll(readSockets, { timeout: 10_000 }).toBeLessThanOrEqual(socketsBefore + 12)
  expect((await readMemory()) - memoryBefore).toBeLessThan(128 * MEBIBYTE)
  expect(server.output.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
})
