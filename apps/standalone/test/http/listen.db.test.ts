import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { eventually } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

const openSocket = () => connect({ port: Number(new URL(server.url).port), host: "127.0.0.1" })

/** Sends a request, and returns everything that the server sends until it closes the connection. */
async function exchange(request: string, socket: Socket = openSocket()) {
  let received = ""
  socket.setEncoding("utf8").on("data", (text) => {
    received += text
  })
  socket.write(request)
  await once(socket, "close")
  return received
}

test.each([
  ["a request that is not HTTP", "hello\r\n\r\n", 400],
  ["an invalid header", "GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400],
  [
    "a request with two lengths",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    400,
  ],
  [
    "a request with a length and chunks",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  ["a request without a host", "GET /auth/me HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["an invalid host", "GET /auth/me HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", 400],
  ["a header that is too long", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["a request with 200 headers", `GET / HTTP/1.1\r\nHost: x\r\n${"a:\r\n".repeat(199)}\r\n`, 431],
  ["a request with thousands of headers", `GET / HTTP/1.1\r\nHost: x\r\n${"a:\r\n".repeat(3_900)}\r\n`, 431],
])("%s gets an error in the contract's format", async (_, request, status) => {
  const received = await exchange(request)
  expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(received).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/i)
  expect(received).toContain('"reason":"INVALID_INPUT"')
  expect(received).toMatch(/\r\nx-content-type-options: nosniff\r\n/i)
  expect(received).toMatch(/\r\nstrict-transport-security: /i)
})

test("a request that arrives too slowly gets a 408, and its connection is closed", async () => {
  const headers = exchange("GET /auth/me HTTP/1.1\r\nHost: x\r\n")
  const body = exchange(
    "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
  )
  expect(await headers).toMatch(/^HTTP\/1.1 408 /)
  expect(await body).toMatch(/^HTTP\/1.1 408 /)
})

test.each([
  ["with a scheme and a host", "http://x/auth/me", 401],
  ["with a password", "http://user:hunter2@x/auth/me", 401],
  ["for a tunnel", "x:443", 400],
])("a request target %s gets a response, and no password is logged", async (_, target, status) => {
  const method = status === 400 ? "CONNECT" : "GET"
  const received = await exchange(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(server.log.join("")).not.toContain("hunter2")
})

test("a request in HTTP/1.0 needs no host, as in health checks of HAProxy", async () => {
  expect(await exchange("GET /readyz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 /)
})

test.each(["localhost", ""])(
  "a request in HTTP/1.0 without a host is from no page, not from http://%s",
  async (host) => {
    const lines = [
      "POST /auth/refresh HTTP/1.0",
      `Origin: http://${host}`,
      "Cookie: __Host-latchkey=x",
      "Content-Type: application/json",
      "Content-Length: 2",
    ]
    expect(await exchange(`${lines.join("\r\n")}\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 403 /)
  },
)

test("a request may have 199 headers", async () => {
  expect(await exchange(`GET /healthz HTTP/1.0\r\n${"a:\r\n".repeat(199)}\r\n`)).toMatch(/^HTTP\/1.1 200 /)
})

test("an unknown expectation is ignored", async () => {
  expect(
    await exchange("GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: x\r\nConnection: close\r\n\r\n"),
  ).toMatch(/^HTTP\/1.1 200 /)
})

test("a client that disconnects while it sends a body does not cause a logged error", async () => {
  const socket = openSocket()
  socket.write(
    "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
  )
  await eventually(() => expect(socket.bytesWritten).toBeGreaterThan(0))
  socket.resetAndDestroy()
  await eventually(() => expect(server.log.at(-1)).toContain('"reasons":["INVALID_INPUT"]'))
  expect(server.log.at(-1)).toContain('"level":30')
})
