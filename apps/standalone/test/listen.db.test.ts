import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest"
import { startServerOnPostgres } from "./testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

const open = () => connect({ port: Number(new URL(server.url).port), host: "127.0.0.1" })

/** All that the server says until it closes the connection. */
async function answerTo(request: string, socket: Socket = open()) {
  let answer = ""
  socket.setEncoding("utf8").on("data", (text) => {
    answer += text
  })
  socket.write(request)
  await once(socket, "close")
  return answer
}

test.each([
  ["what is no HTTP", "hello\r\n\r\n", 400],
  ["a bad header", "GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400],
  ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  [
    "a length and chunks",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  ["no host", "GET /auth/me HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["a host that is none", "GET /auth/me HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", 400],
  ["headers without end", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`, 431],
])("%s is answered in the contract's form", async (_, request, status) => {
  const answer = await answerTo(request)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(answer).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/i)
  expect(answer).toContain('"reason":"INVALID_INPUT"')
  expect(answer).toMatch(/\r\nx-content-type-options: nosniff\r\n/i)
  expect(answer).toMatch(/\r\nstrict-transport-security: /i)
})

test("a request that takes too long to arrive is answered and its connection closed", async () => {
  const headers = answerTo("GET /auth/me HTTP/1.1\r\nHost: x\r\n")
  const body = answerTo(
    "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
  )
  expect(await headers).toMatch(/^HTTP\/1.1 408 /)
  expect(await body).toMatch(/^HTTP\/1.1 408 /)
}, 40_000)

test.each([
  ["with a scheme and a host", "http://x/auth/me", 401],
  ["with a password", "http://user:hunter2@x/auth/me", 401],
  ["for a tunnel", "x:443", 400],
])("a target %s", async (_, target, status) => {
  const method = status === 400 ? "CONNECT" : "GET"
  const answer = await answerTo(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(server.log.join("")).not.toContain("hunter2")
})

test("an expectation that is not known is no reason to refuse", async () => {
  expect(
    await answerTo("GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: x\r\nConnection: close\r\n\r\n"),
  ).toMatch(/^HTTP\/1.1 200 /)
})

test("a client that goes away in the middle of its body is no failure of ours", async () => {
  const socket = open()
  socket.write(
    "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
  )
  await vi.waitFor(() => expect(socket.bytesWritten).toBeGreaterThan(0))
  socket.resetAndDestroy()
  await vi.waitFor(() => expect(server.log.at(-1)).toContain('"reasons":["INVALID_INPUT"]'))
  expect(server.log.at(-1)).toContain('"level":30')
})
