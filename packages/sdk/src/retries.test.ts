import { expect, test } from "vitest"
import { catchError, client, ME } from "../test/callRawServer.ts"
import { failure, respond, result, startRawServer } from "../test/startServer.ts"

/** Undefined cuts the connection. */
type FailedResponse = [status: number, body: string] | undefined

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
