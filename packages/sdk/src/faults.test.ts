import { inspect } from "node:util"
import { expect, test } from "vitest"
import { catchError, client, KEY, ME } from "../test/callRawServer.ts"
import { failure, respond, result, startRawServer } from "../test/startServer.ts"
import { createLatchkey } from "./index.ts"

test("calls carry the key and the client's version", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 200, result(ME)))
  await client(raw.url).auth.me()
  const head = raw.requests[0]?.toLowerCase()
  expect(head).toContain(`x-api-key: ${KEY}\r\n`)
  expect(head).toMatch(/x-latchkey-client: sdk\/\d+\.\d+\.\d+\r\n/)
  expect(head).not.toContain("authorization:")
})

test("signing in does not send the client's credential", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 200, result({})))
  await client(raw.url).auth.login({ email: "a@company.tld", password: "p" })
  expect(raw.requests[0]?.toLowerCase()).not.toMatch(/x-api-key|authorization/)
})

test("a key is not sent to the target of a redirect", async () => {
  await using elsewhere = await startRawServer((socket) => respond(socket, 200, result(ME)))
  await using raw = await startRawServer((socket) => respond(socket, 307, "", { Location: elsewhere.url }))
  const error = await catchError(client(raw.url, { retries: 0 }).auth.me())
  expect(error.reason).toBe("NETWORK")
  expect(elsewhere.requests).toEqual([])
})

const HTML = { "Content-Type": "text/html" }

test.each([
  [
    "a page with status 200",
    200,
    "<!doctype html><h1>Welcome</h1>",
    HTML,
    { reason: "NETWORK", status: 200 },
  ],
  ["an empty body", 200, "", {}, { reason: "NETWORK", status: 200 }],
  ["truncated JSON", 200, result(ME).slice(0, -9), {}, { reason: "NETWORK", status: 200 }],
  ["unexpected JSON", 200, "{}", {}, { reason: "NETWORK", status: 200 }],
  ["null", 200, "null", {}, { reason: "NETWORK", status: 200 }],
  ["an empty batch", 200, "[]", {}, { reason: "NETWORK" }],
  ["a batch of null", 200, "[null]", {}, { reason: "NETWORK", status: 200 }],
  ["a result without data", 200, '[{"result":{}}]', {}, { reason: "NETWORK", status: 200 }],
  [
    "another tRPC server's error",
    404,
    '[{"error":{"json":{"code":-32004,"message":"No procedure","data":{"code":"NOT_FOUND","httpStatus":404}}}}]',
    {},
    { reason: "NETWORK", status: 404 },
  ],
  ["an unknown reason", 402, failure("PAY_FIRST", 402), {}, { reason: "NETWORK", status: 402 }],
  ["a proxy's 404", 404, "<h1>404</h1>", HTML, { reason: "NETWORK", status: 404 }],
  ["a proxy's 401", 401, "<h1>401</h1>", HTML, { reason: "NETWORK", status: 401 }],
  ["a proxy's 502", 502, "<h1>Bad Gateway</h1>", HTML, { reason: "UNAVAILABLE", status: 502 }],
  ["a proxy's 503", 503, "", { "Retry-After": "7" }, { reason: "UNAVAILABLE", status: 503, retryAfter: 7 }],
  [
    "a proxy's 429",
    429,
    "slow down",
    { "Retry-After": "7" },
    { reason: "RATE_LIMITED", status: 429, retryAfter: 7 },
  ],
])("%s becomes an error with a reason", async (_, status, body, headers, expected) => {
  await using raw = await startRawServer((socket) =>
    respond(socket, status, body, headers as Record<string, string>),
  )
  const error = await catchError(client(raw.url, { retries: 0 }).auth.me())
  expect(error).toMatchObject(expected)
})

test.each([
  ["before the response", ""],
  ["in the headers", "HTTP/1.1 200 OK\r\nContent-"],
  ["in the body", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-Request-Id: r-9\r\n\r\n[{"],
  ["after bytes that are not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
])("a connection cut %s is NETWORK, with the cause", async (_, bytes) => {
  await using raw = await startRawServer((socket) => {
    if (bytes) socket.end(bytes)
    else socket.destroy()
  })
  const error = await catchError(client(raw.url, { retries: 0 }).auth.me())
  expect(error.reason).toBe("NETWORK")
  expect(error.cause).toBeInstanceOf(Error)
})

test("an error does not quote a response that contains the key", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 200, `[${KEY}]x`, HTML))
  const error = await catchError(client(raw.url, { retries: 0 }).auth.me())
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(KEY.slice(0, 8))
})

test("an unreachable server is NETWORK", async () => {
  const error = await catchError(client("http://127.0.0.1:1", { retries: 0 }).auth.me())
  expect(error).toMatchObject({ reason: "NETWORK", message: "The server could not be reached." })
  expect(error).not.toHaveProperty("status")
})

test("each call of a failed batch has its own error", async () => {
  await using raw = await startRawServer((socket) => socket.destroy())
  const latchkey = client(raw.url, { retries: 0 })
  const [first, second] = await Promise.all([catchError(latchkey.auth.me()), catchError(latchkey.auth.me())])
  expect(raw.requests).toHaveLength(1)
  expect(first).not.toBe(second)
})

test("a list that can't be fetched fails in the iteration, without an unhandled rejection", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 401, failure("UNAUTHENTICATED", 401)))
  async function iterate() {
    for await (const _ of client(raw.url).apiKeys.list()) throw new Error("there are no keys")
  }
  expect((await catchError(iterate())).reason).toBe("UNAUTHENTICATED")
})

test("a sign-in that needs a second factor gives the challenge and the methods, and printing the error shows no challenge", async () => {
  const details = { challenge: "c".repeat(43), methods: ["totp", "recoveryCode"] }
  const body = failure("SECOND_FACTOR_REQUIRED", 401, details)
  await using raw = await startRawServer((socket) => respond(socket, 401, body))
  const { auth } = createLatchkey({ baseUrl: raw.url })
  const error = await auth.login({ email: "a@company.tld", password: "x" }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ reason: "SECOND_FACTOR_REQUIRED", ...details })
  expect(inspect(error) + JSON.stringify(error)).not.toContain(details.challenge)
})
