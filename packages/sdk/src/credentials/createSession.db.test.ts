import { gate } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import {
  failure,
  register,
  respond,
  result,
  startRawServer,
  startServer,
  startServerOnPostgres,
  type TestServer,
} from "../../test/startServer.ts"
import { createLatchkey, LatchkeyError, type SignedIn } from "../index.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>

beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})

afterAll(() => server[Symbol.asyncDispose]())

const refreshes = (server: TestServer) => server.count("/trpc/auth.refresh")

test("50 concurrent calls with an expired access token share one refresh and all succeed", async () => {
  const { user, accessToken, refreshToken } = await register(server.url)
  // The same database and secret, an hour later.
  await using later = await startServer({ databaseUrl: server.databaseUrl, clockAhead: true })
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

test("a session works with only a refresh token, and each pair can be refreshed", async () => {
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

test("the result of auth.login works as a session, which is not refreshed while its token is valid", async () => {
  const signedIn = await register(server.url)
  const before = await refreshes(server)
  const latchkey = createLatchkey({ baseUrl: server.url, session: signedIn })
  await latchkey.auth.me()
  expect(await refreshes(server)).toBe(before)
})

test("after the session has ended, waiting and later calls fail without another refresh", async () => {
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

test("reusing a refresh token ends the session", async () => {
  const { refreshToken } = await register(server.url)
  await createLatchkey({ baseUrl: server.url }).auth.refresh({ refreshToken })
  const latchkey = createLatchkey({ baseUrl: server.url, session: { refreshToken } })
  await expect(latchkey.auth.me()).rejects.toMatchObject({
    reason: "UNAUTHENTICATED",
    message: "The session has ended; sign in again.",
  })
})

test("a refresh that can't reach the server is not retried, and does not end the session", async () => {
  const { accessToken, refreshToken, user } = await register(server.url)
  let connected = false
  let attempts = 0
  await using gateway = await startRawServer((socket, request) => {
    if (request.startsWith("POST /trpc/auth.refresh") && !connected) {
      attempts++
      socket.destroy()
    } else void forward(request).then(([status, body]) => respond(socket, status, body))
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

test("a refresh that the server did not begin is retried", async () => {
  const signedIn = { user: {}, accessToken: "second", accessTokenExpiresAt: "", refreshToken: "r2" }
  await using raw = await startRawServer((socket, request, count) => {
    if (count === 1) respond(socket, 503, failure("UNAVAILABLE", 503, { begun: false }))
    else if (request.startsWith("POST /trpc/auth.refresh")) respond(socket, 200, result(signedIn))
    else respond(socket, 200, result({ id: "me" }))
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

test("a refresh continues after the call that started it is aborted", async () => {
  const { refreshToken, user } = await register(server.url)
  const released = gate()
  await using gateway = await startRawServer(async (socket, request) => {
    const [status, body] = await forward(request)
    if (request.startsWith("POST /trpc/auth.refresh")) await released.opened
    respond(socket, status, body)
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

test("an error in onRefresh rejects the waiting call, and the new pair is kept", async () => {
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

test("onRefresh may use the client", async () => {
  const { refreshToken, user } = await register(server.url)
  const seen: string[] = []
  const latchkey = createLatchkey({
    baseUrl: server.url,
    session: { refreshToken, onRefresh: async () => void seen.push((await latchkey.auth.me()).id) },
  })
  await latchkey.auth.me()
  expect(seen).toEqual([user.id])
})

test("a call whose refreshed token is rejected too fails instead of refreshing again", async () => {
  const signedIn = { user: {}, accessToken: "rejected too", accessTokenExpiresAt: "", refreshToken: "r2" }
  await using raw = await startRawServer((socket, request) => {
    if (request.startsWith("POST /trpc/auth.refresh"))
      respond(socket, 200, result({ ...signedIn, accessToken: "b" }))
    else respond(socket, 401, failure("UNAUTHENTICATED", 401))
  })
  const latchkey = createLatchkey({ baseUrl: raw.url, session: { accessToken: "a", refreshToken: "r1" } })
  const error = await latchkey.auth.me().catch((error: unknown) => error)
  expect(error).toBeInstanceOf(LatchkeyError)
  expect(error).toMatchObject({ reason: "UNAUTHENTICATED" })
  expect(raw.requests).toHaveLength(3)
})

/** Forwards a request to the real server. */
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
