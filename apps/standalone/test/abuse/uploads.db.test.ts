import { once } from "node:events"
import { eventually } from "@latchkey/test-postgres"
import { describe, expect, inject, test } from "vitest"
import { acceptedSocket } from "../http/acceptedSocket.ts"
import { startServerOnPostgres } from "../testServer.ts"
import { openConnection } from "./rawConnection.ts"
import { request } from "./request.ts"
import { useTarget } from "./target.ts"

const target = useTarget({ METRICS_PORT: "0" })

const MEBIBYTE = 1024 * 1024
const bytes = Buffer.alloc(MEBIBYTE, "x")
const JSON_TYPE = { "Content-Type": "application/json" }

/** The same bytes with a declared length, and in chunks. */
const FRAMINGS = {
  "with a length": () => ({ body: bytes }),
  "in chunks": () => ({ body: new Blob([bytes]).stream(), duplex: "half" as const }),
}

/** Uploads that are refused before their body is read: description, status, and request. */
const REFUSED: [string, number, { method?: string; path: string; headers?: Record<string, string> }][] = [
  ["to REST", 413, { path: "/auth/login", headers: JSON_TYPE }],
  ["to tRPC", 413, { path: "/trpc/auth.login", headers: JSON_TYPE }],
  ["that is encoded", 415, { path: "/auth/login", headers: { ...JSON_TYPE, "Content-Encoding": "gzip" } }],
  ["of another type", 413, { path: "/trpc/auth.login", headers: { "Content-Type": "text/plain" } }],
  ["to an unknown path", 413, { path: "/nowhere", headers: JSON_TYPE }],
  ["by an unsupported method", 405, { method: "OPTIONS", path: "/auth/me", headers: JSON_TYPE }],
  ["with Connection: close", 413, { path: "/auth/login", headers: { ...JSON_TYPE, Connection: "close" } }],
]

/** Uploads 100 times, ten at once. @returns the statuses of the responses. */
async function upload100(url: string, init: () => RequestInit) {
  const statuses: number[] = []
  async function upload10() {
    for (let round = 0; round < 10; round++) {
      const response = await fetch(url, { method: "POST", ...init() })
      await response.arrayBuffer()
      statuses.push(response.status)
    }
  }
  await Promise.all(Array.from({ length: 10 }, upload10))
  return statuses
}

describe.each(Object.entries(FRAMINGS))("1 MiB %s", (_, frame) => {
  test.each(REFUSED)("%s: 100 of 100 uploads get their %i", async (_, status, { path, ...init }) => {
    const statuses = await upload100(`${target().url}${path}`, () => ({ ...init, ...frame() }))
    expect(statuses).toEqual(Array(100).fill(status))
  })

  test("to the metrics: 100 of 100 uploads get their 405", async () => {
    expect(await upload100(target().metricsUrl, frame)).toEqual(Array(100).fill(405))
  })
})

const HEADERS = ["Connection: keep-alive", "Content-Type: application/json"]

test.each([
  ["a body with a length", request("POST /auth/login", HEADERS, bytes), 413],
  ["a body for a GET", request("GET /auth/me", HEADERS, bytes), 401],
  ["the bytes after a request that is not HTTP", Buffer.concat([Buffer.from("hello\r\n\r\n"), bytes]), 400],
  ["the bytes after a CONNECT", Buffer.concat([request("CONNECT x:1"), bytes]), 400],
  ["endless headers", Buffer.concat([Buffer.from("GET / HTTP/1.1\r\nX: "), bytes]), 431],
])(
  "a client that writes all of %s before it reads gets the response and no reset",
  async (_, sent, status) => {
    for (let round = 0; round < 20; round++) {
      using connection = openConnection(target().url)
      connection.write(sent)
      await connection.closed()
      expect(await connection.read()).toMatchObject({ status })
      expect(connection.error()).toBeNull()
    }
  },
)

test("an endless refused upload is cut off after at most 1 MiB more", async () => {
  const { socket, accepted } = await acceptedSocket(target().url)
  socket.write("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n")
  const write = () => {
    while (socket.writable && socket.write(bytes));
  }
  socket.on("drain", write)
  write()
  if (!accepted.closed) await once(accepted, "close")
  expect(accepted.bytesRead).toBeLessThan(2 * MEBIBYTE)
})

test("a refused upload that sends one byte at a time is cut off", async () => {
  const { socket, accepted } = await acceptedSocket(target().url)
  socket.write("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n")
  const timer = setInterval(() => socket.write("x"), 50)
  if (!accepted.closed) await once(accepted, "close")
  clearInterval(timer)
})

test("an upload that is refused while the server stops gets its response", async () => {
  const server = await startServerOnPostgres(inject("postgresUrl"))
  using connection = openConnection(server.url)
  connection.write("POST /auth/login HTTP/1.1\r\nHost: x\r\n")
  const accepts = () => fetch(`${server.url}/healthz`, { headers: { Connection: "close" } })
  await accepts()
  const stopped = server[Symbol.asyncDispose]()
  await eventually(() => expect(accepts()).rejects.toThrow())
  connection.write(`Content-Type: application/json\r\nContent-Length: ${MEBIBYTE}\r\n\r\n`)
  connection.write(bytes)
  const reply = await connection.read()
  expect(reply?.status).toBe(413)
  expect(reply?.headers.get("connection")).toBe("close")
  expect(connection.error()).toBeNull()
  await stopped
})
