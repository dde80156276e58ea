import { getEventListeners } from "node:events"
import { inspect } from "node:util"
import { gate } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { failure, respond, result, startRawServer } from "../test/startServer.ts"
import { createLatchkey, LatchkeyError, type LatchkeyOptions } from "./index.ts"

/** Undefined cuts the connection. */
type FailedResponse = [status: number, body: string] | undefined

const KEY = "0123456789abcdef".repeat(4)
const ME = { id: "u1", via: "apiKey" }

const client = (baseUrl: string, options: Partial<LatchkeyOptions> = {}) =>
  createLatchkey({ baseUrl, apiKey: KEY, ...options } as LatchkeyOptions)

async function catchError(call: Promise<unknown>): Promise<LatchkeyError> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof LatchkeyError)) throw new Error(`not a LatchkeyError: ${inspect(error)}`)
  return error
}

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

test.each([
  ["before the response", ""],
  ["in the body", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{"],
])("a server that stalls %s is TIMEOUT, and the connection is closed", async (_, bytes) => {
  const closed = gate()
  await using raw = await startRawServer((socket) => {
    socket.on("close", closed.open)
    socket.write(bytes)
  })
  const error = await catchError(client(raw.url, { timeout: 200 }).auth.me())
  expect(error).toMatchObject({ reason: "TIMEOUT", message: "The call timed out after 200 ms." })
  await closed.opened
})

test("a call's timeout overrides the client's", async () => {
  await using raw = await startRawServer(() => {})
  const error = await catchError(client(raw.url).auth.me({ timeout: 50 }))
  expect(error.message).toBe("The call timed out after 50 ms.")
})

test("a credential function that never settles is TIMEOUT", async () => {
  const latchkey = createLatchkey({
    baseUrl: "http://127.0.0.1:1",
    apiKey: () => new Promise(() => {}),
    timeout: 50,
  })
  expect((await catchError(latchkey.auth.me())).reason).toBe("TIMEOUT")
})

test("an aborted call fails at once with the signal's reason as cause; an already aborted signal sends nothing", async () => {
  const controller = new AbortController()
  const reason = new Error("the page was left")
  await using raw = await startRawServer(() => controller.abort(reason))
  const { signal } = controller
  expect(await catchError(client(raw.url).auth.me({ signal }))).toMatchObject({
    reason: "TIMEOUT",
    cause: reason,
  })
  expect(await catchError(client(raw.url).auth.me({ signal }))).toMatchObject({
    reason: "TIMEOUT",
    cause: reason,
  })
  expect(raw.requests).toHaveLength(1)
})

test("aborting a call does not abort the others of its batch", async () => {
  const controller = new AbortController()
  const both = JSON.stringify([{ result: { data: { json: ME } } }, { result: { data: { json: ME } } }])
  const aborted = gate()
  await using raw = await startRawServer(async (socket) => {
    controller.abort()
    await aborted.opened
    respond(socket, 200, both)
  })
  const latchkey = client(raw.url)
  const [first, second] = [latchkey.auth.me({ signal: controller.signal }), latchkey.auth.me()]
  expect((await catchError(first)).reason).toBe("TIMEOUT")
  aborted.open()
  expect(await second).toEqual(ME)
})

test("each call of a failed batch has its own error", async () => {
  await using raw = await startRawServer((socket) => socket.destroy())
  const latchkey = client(raw.url, { retries: 0 })
  const [first, second] = await Promise.all([catchError(latchkey.auth.me()), catchError(latchkey.auth.me())])
  expect(raw.requests).toHaveLength(1)
  expect(first).not.toBe(second)
})

test("50 calls can share a signal without a warning, and leave no listener on it", async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on("warning", onWarning)
  await using raw = await startRawServer((socket) => socket.destroy())
  const { signal } = new AbortController()
  const latchkey = client(raw.url, { retries: 0 })
  await Promise.all(Array.from({ length: 50 }, () => catchError(latchkey.auth.me({ signal }))))
  await new Promise(setImmediate)
  process.off("warning", onWarning)
  expect(warnings).toEqual([])
  expect(getEventListeners(signal, "abort")).toEqual([])
})

test("a list that can't be fetched fails in the iteration, without an unhandled rejection", async () => {
  await using raw = await startRawServer((socket) => respond(socket, 401, failure("UNAUTHENTICATED", 401)))
  async function iterate() {
    for await (const _ of client(raw.url).apiKeys.list()) throw new Error("there are no keys")
  }
  expect((await catchError(iterate())).reason).toBe("UNAUTHENTICATED")
})

test.each<[string, FailedResponse]>([
  ["a cut connection", undefined],
  ["503", [503, failure("UNAVAILABLE", 503)]],
  ["429", [429, failure("RATE_LIMITED", 429)]],
  ["a proxy's 502", [502, "<h1>Bad Gateway</h1>"]],
])("a query is retried after %s", async (_, failedResponse) => {
  await using raw = await startRawServer((socket, __, count) => {
    if (count > 2) respond(socket, 200, result(ME))
    else if (failedResponse) respond(socket, ...failedResponse)
    else socket.destroy()
  })
  expect(await client(raw.url).auth.me()).toEqual(ME)
  expect(raw.requests).toHaveLength(3)
})

test.each([
  ["a 503 with begun: false", 503, failure("UNAVAILABLE", 503, { begun: false })],
  ["429", 429, failure("RATE_LIMITED", 429)],
  ["a proxy's 429", 429, ""],
])("a mutation is retried after %s", async (_, status, body) => {
  await using raw = await startRawServer((socket, __, count) => {
    if (count > 1) respond(socket, 200, result({ id: "k1" }))
    else respond(socket, status, body)
  })
  expect(await client(raw.url).apiKeys.create({ label: "once" })).toEqual({ id: "k1" })
  expect(raw.requests).toHaveLength(2)
})

test.each<[string, FailedResponse]>([
  ["a cut connection", undefined],
  ["a 503 without begun: false", [503, failure("UNAVAILABLE", 503)]],
  ["a proxy's 503", [503, "<h1>Service Unavailable</h1>"]],
  ["500", [500, failure("INTERNAL", 500)]],
])("a mutation is not retried after %s", async (_, failedResponse) => {
  await using raw = await startRawServer((socket) => {
    if (failedResponse) respond(socket, ...failedResponse)
    else socket.destroy()
  })
  await catchError(client(raw.url).apiKeys.create({ label: "once" }))
  expect(raw.requests).toHaveLength(1)
})

test.each([
  [400, "INVALID_INPUT"],
  [401, "UNAUTHENTICATED"],
  [404, "NOT_FOUND"],
  [500, "INTERNAL"],
])("a query is not retried after %i %s", async (status, reason) => {
  await using raw = await startRawServer((socket) => respond(socket, status, failure(reason, status)))
  expect(await catchError(client(raw.url).auth.me())).toMatchObject({ reason, status, requestId: "r-1" })
  expect(raw.requests).toHaveLength(1)
})

test("the number of retries can be set", async () => {
  await using raw = await startRawServer((socket) => socket.destroy())
  await catchError(client(raw.url, { retries: 1 }).auth.me())
  expect(raw.requests).toHaveLength(2)
})

test("a retry waits for Retry-After", async () => {
  let isOpen = false
  await using raw = await startRawServer((socket, _, count) => {
    if (count === 1) setTimeout(() => (isOpen = true), 900)
    if (isOpen) respond(socket, 200, result(ME))
    else respond(socket, 429, failure("RATE_LIMITED", 429), { "Retry-After": "1" })
  })
  expect(await client(raw.url, { retries: 1 }).auth.me()).toEqual(ME)
})

test.each([
  ["seconds", () => "60"],
  ["a date", () => new Date(Date.now() + 60_000).toUTCString()],
])("a Retry-After in %s beyond the deadline fails the call at once", async (_, retryAfter) => {
  await using raw = await startRawServer((socket) =>
    respond(socket, 429, failure("RATE_LIMITED", 429), { "Retry-After": retryAfter() }),
  )
  const error = await catchError(client(raw.url).auth.me())
  expect(error.reason).toBe("RATE_LIMITED")
  expect(Math.abs((error.retryAfter ?? 0) - 60)).toBeLessThanOrEqual(2)
  expect(raw.requests).toHaveLength(1)
})

test.each<[string, string, object, number | undefined]>([
  ["35 days", "3000000", {}, 86_400],
  ["a date in the year 9999", "Fri, 31 Dec 9999 23:59:59 GMT", {}, 86_400],
  ["more digits than a number holds", "9".repeat(400), {}, 86_400],
  ["no time", "soon", {}, undefined],
  ["a time in the past", "-5", {}, 0],
  ["a text in the body", "7", { retryAfter: "soon" }, 7],
  ["a negative number in the body", "7", { retryAfter: -1 }, 7],
  ["35 days in the body", "7", { retryAfter: 3_000_000 }, 86_400],
])(
  "a Retry-After of %s is no more than a day, for timers that can't wait longer",
  async (_, header, details, expected) => {
    await using raw = await startRawServer((socket) =>
      respond(socket, 429, failure("RATE_LIMITED", 429, details), { "Retry-After": header }),
    )
    const error = await catchError(client(raw.url, { retries: 0 }).auth.me())
    expect(error.retryAfter).toBe(expected)
  },
)

test("a timeout during a retry has the previous error as its cause", async () => {
  await using raw = await startRawServer((socket, _, count) => {
    if (count === 1) respond(socket, 503, failure("UNAVAILABLE", 503))
  })
  const error = await catchError(client(raw.url, { timeout: 800 }).auth.me())
  expect(error).toMatchObject({ reason: "TIMEOUT", cause: { reason: "UNAVAILABLE" } })
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
