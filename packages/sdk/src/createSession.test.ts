import { createTestDatabase, type TestDatabase } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { createLatchkey, LatchkeyError, type SignedIn } from "./index.ts"
import {
  answer,
  failure,
  gate,
  register,
  result,
  type ServerProcess,
  startRawServer,
  startServer,
} from "./testing.ts"

let database: TestDatabase
let server: ServerProcess

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"))
  server = await startServer({ databaseUrl: database.url })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const refreshes = (server: ServerProcess) => server.count("/trpc/auth.refresh")

test("50 concurrent calls on an expired access token: one refresh reaches the server, all 50 succeed", async () => {
  const { user, accessToken, refreshToken } = await register(server.url)
  // The same database and secret an hour later.
  await using later = await startServer({ databaseUrl: database.url, clockAhead: true })
  const expired = createLatchkey({ baseUrl: later.url, accessToken })
  await expect(expired.auth.me()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })

  const pairs: SignedIn[] = []
  const latchkey = createLatchkey({
    baseUrl: later.url,
    session: { accessToken, refreshToken, onRefresh: (signedIn) => void pairs.push(signedIn) },
  })
  const answers = await Promise.all(Array.from({ length: 50 }, () => latchkey.auth.me()))

  expect(answers.map(({ id }) => id)).toEqual(Array(50).fill(user.id))
  expect(await refreshes(later)).toBe(1)
  expect(pairs).toHaveLength(1)
  expect(pairs[0]?.refreshToken).not.toBe(refreshToken)
})

test("a refresh token alone will do, and each pair buys the next", async () => {
  const { refreshToken } = await register(server.url)
  let stored = refreshToken
  const session = {
    get refreshToken() {
      return stored
    },
    onRefresh: (signedIn: SignedIn) => {
      stored = signedIn.refreshToken
    },
  }

  for (let start = 0; start < 3; start++) {
    const latchkey = createLatchkey({ baseUrl: server.url, session })
    await Promise.all([latchkey.auth.me(), latchkey.apiKeys.create({ label: `start ${start}` })])
  }

  const latchkey = createLatchkey({ baseUrl: server.url, session })
  expect((await latchkey.apiKeys.list()).items).toHaveLength(3)
})

test("what auth.login gives is a session as it is, and is not refreshed without need", async () => {
  const signedIn = await register(server.url)
  const before = await refreshes(server)
  const latchkey = createLatchkey({ baseUrl: server.url, session: signedIn })
  await latchkey.auth.me()
  expect(await refreshes(server)).toBe(before)
})

test("when the session has ended, all calls that wait are told so, and no later one asks again", async () => {
  const { accessToken, refreshToken } = await register(server.url)
  await createLatchkey({ baseUrl: server.url, accessToken }).auth.logout()
  const latchkey = createLatchkey({ baseUrl: server.url, session: { accessToken, refreshToken } })
  const before = await refreshes(server)

  const results = await Promise.allSettled(Array.from({ length: 50 }, () => latchkey.auth.me()))
  const ended = { reason: "UNAUTHENTICATED", status: 401, message: "The session has ended; sign in again." }
  for (const result of results) expect(result).toMatchObject({ status: "rejected", reason: ended })
  await expect(latchkey.apiKeys.list()).rejects.toMatchObject(ended)

  expect(await refreshes(server)).toBe(before + 1)
})

test("a stolen refresh token, used twice, ends the session clearly", async () => {
  const { refreshToken } = await register(server.url)
  await createLatchkey({ baseUrl: server.url }).auth.refresh({ refreshToken })
  const latchkey = createLatchkey({ baseUrl: server.url, session: { refreshToken } })
  await expect(latchkey.auth.me()).rejects.toMatchObject({
    reason: "UNAUTHENTICATED",
    message: "The session has ended; sign in again.",
  })
})

test("a refresh that finds no server loses no session, and is not repeated by itself", async () => {
  const { accessToken, refreshToken, user } = await register(server.url)
  let connected = false
  let attempts = 0
  await using gateway = await startRawServer((socket, request) => {
    if (request.startsWith("POST /trpc/auth.refresh") && !connected) {
      attempts++
      socket.destroy()
    } else void forward(request).then(([status, body]) => answer(socket, status, body))
  })
  const latchkey = createLatchkey({
    baseUrl: gateway.url,
    session: { accessToken: `${accessToken}x`, refreshToken },
  })

  const results = await Promise.allSettled(Array.from({ length: 10 }, () => latchkey.auth.me()))
  for (const result of results)
    expect(result).toMatchObject({ status: "rejected", reason: { reason: "NETWORK" } })
  expect(attempts).toBe(1)

  connected = true
  expect(await latchkey.auth.me()).toMatchObject({ id: user.id })
})

test("a refresh that the server did not begin is repeated", async () => {
  const signedIn = { user: {}, accessToken: "second", accessTokenExpiresAt: "", refreshToken: "r2" }
  await using raw = await startRawServer((socket, request, count) => {
    if (count === 1) answer(socket, 503, failure("UNAVAILABLE", 503, { begun: false }))
    else if (request.startsWith("POST /trpc/auth.refresh")) answer(socket, 200, result(signedIn))
    else answer(socket, 200, result({ id: "me" }))
  })
  const latchkey = createLatchkey({ baseUrl: raw.url, session: { refreshToken: "r1" } })
  expect(await latchkey.auth.me()).toEqual({ id: "me" })
  expect(raw.requests.map((request) => request.split(" ")[1]?.split("?")[0])).toEqual([
    "/trpc/auth.refresh",
    "/trpc/auth.refresh",
    "/trpc/auth.me",
  ])
  expect(raw.requests[2]?.toLowerCase()).toContain("authorization: bearer second\r\n")
})

test("a refresh outlives the call that began it", async () => {
  const { refreshToken, user } = await register(server.url)
  const released = gate()
  await using gateway = await startRawServer(async (socket, request) => {
    const [status, body] = await forward(request)
    if (request.startsWith("POST /trpc/auth.refresh")) await released.opened
    answer(socket, status, body)
  })
  const latchkey = createLatchkey({ baseUrl: gateway.url, session: { refreshToken } })

  const signal = AbortSignal.timeout(300)
  await expect(latchkey.auth.me({ signal })).rejects.toMatchObject({
    reason: "TIMEOUT",
    cause: { name: "TimeoutError" },
  })
  const second = latchkey.auth.me()
  released.open()

  expect(await second).toMatchObject({ id: user.id })
  expect(gateway.requests.filter((request) => request.startsWith("POST /trpc/auth.refresh"))).toHaveLength(1)
})

test("what onRefresh throws reaches the call that waited, and the new pair is kept", async () => {
  const { refreshToken, user } = await register(server.url)
  const problem = new Error("the disk is full")
  const latchkey = createLatchkey({
    baseUrl: server.url,
    session: {
      refreshToken,
      onRefresh() {
        throw problem
      },
    },
  })
  await expect(latchkey.auth.me()).rejects.toBe(problem)
  expect(await latchkey.auth.me()).toMatchObject({ id: user.id })
})

test("onRefresh may call the client itself", async () => {
  const { refreshToken, user } = await register(server.url)
  const seen: string[] = []
  const latchkey = createLatchkey({
    baseUrl: server.url,
    session: { refreshToken, onRefresh: async () => void seen.push((await latchkey.auth.me()).id) },
  })
  await latchkey.auth.me()
  expect(seen).toEqual([user.id])
})

test("a session that ends while a call waits to be made again is an error of the call, not a loop", async () => {
  const signedIn = { user: {}, accessToken: "refused too", accessTokenExpiresAt: "", refreshToken: "r2" }
  await using raw = await startRawServer((socket, request) => {
    if (request.startsWith("POST /trpc/auth.refresh"))
      answer(socket, 200, result({ ...signedIn, accessToken: "b" }))
    else answer(socket, 401, failure("UNAUTHENTICATED", 401))
  })
  const latchkey = createLatchkey({ baseUrl: raw.url, session: { accessToken: "a", refreshToken: "r1" } })
  const error = await latchkey.auth.me().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(LatchkeyError)
  expect(error).toMatchObject({ reason: "UNAUTHENTICATED" })
  expect(raw.requests).toHaveLength(3)
})

/** Sends a request on to the real server. */
async function forward(request: string): Promise<[number, string]> {
  const [head = "", body = ""] = request.split("\r\n\r\n", 2)
  const [first = "", ...lines] = head.split("\r\n")
  const [method = "GET", path = "/"] = first.split(" ")
  const headers = lines
    .map((line) => line.split(/: ?/, 2) as [string, string])
    .filter(([name]) => /^(authorization|x-api-key|content-type)$/i.test(name))
  const response = await fetch(`${server.url}${path}`, { method, headers, ...(body && { body }) })
  return [response.status, await response.text()]
}
