import { randomBytes, randomUUID } from "node:crypto"
import { expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"
import { readCookie, setCookieHeader, unauthenticated, useCookieSessions } from "./useCookieSessions.ts"

const { isSignedIn, letTimePass, ownPage, refresh, server, signUp } = useCookieSessions()

test("the refresh token is in a cookie that scripts and other sites can't use, and not in the response body", async () => {
  const { body, reply } = await signUp()
  const again = await rest(server().url, "POST", "/auth/login", { body, headers: ownPage() })

  for (const { body, ...signedIn } of [reply, again]) {
    expect(setCookieHeader(signedIn)).toMatch(
      /^__Host-latchkey=[\w-]{86}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    )
    expect(Object.keys(body).sort()).toEqual(["accessToken", "accessTokenExpiresAt", "user"])
  }
})

test("the cookie of a ten-year session has the longest Max-Age that browsers allow", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"), { REFRESH_TOKEN_TTL: "315360000" })
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }
  const call = { body, headers: { origin: server.url } }
  for (const path of ["/auth/register", "/auth/login"]) {
    const reply = await rest(server.url, "POST", path, call)
    expect(reply.status).toBeLessThan(300)
    expect(setCookieHeader(reply)).toMatch(/; Max-Age=34560000; /)
  }
})

test("signing out with made-up cookies is rate-limited by address, and a real cookie still signs out", async () => {
  const limited = await startServerOnPostgres(inject("postgresUrl"), { RATE_LIMIT_FACTOR: "1" })
  await using _ = limited
  const headers = { origin: limited.url }
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }
  const signedUp = await rest(limited.url, "POST", "/auth/register", { body, headers })
  const madeUp = () => {
    const id = Buffer.from(randomUUID().replaceAll("-", ""), "hex")
    return `__Host-latchkey=${Buffer.concat([id, randomBytes(48)]).toString("base64url")}`
  }
  const logouts = (count: number, cookie: string) =>
    fetch(`${limited.url}/trpc/${Array(count).fill("auth.logout").join(",")}?batch=1`, {
      method: "POST",
      headers: { ...headers, cookie, "content-type": "application/json" },
      body: "{}",
    })
  for (let i = 0; i < 50; i++) expect((await logouts(20, madeUp())).status).toBe(200)

  const refused = await rest(limited.url, "POST", "/auth/logout", {
    headers: { ...headers, cookie: madeUp() },
  })
  expect(refused).toMatchObject({ status: 429, body: { reason: "RATE_LIMITED", begun: false } })
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)

  const cookie = readCookie(signedUp)
  const refreshed = await rest(limited.url, "POST", "/auth/refresh", { headers: { ...headers, cookie } })
  expect(refreshed.status).toBe(200)
  const signedOut = await rest(limited.url, "POST", "/auth/logout", { headers: { ...headers, cookie } })
  expect(signedOut.status).toBe(204)
  expect((await rest(limited.url, "GET", "/auth/me", refreshed.body)).status).toBe(401)
})

test("a sign-in over tRPC sets the cookie, even in a batch with other calls", async () => {
  const { body } = await signUp()
  const response = await fetch(`${server().url}/trpc/auth.login,auth.login?batch=1`, {
    method: "POST",
    headers: { ...ownPage(), "content-type": "application/json" },
    body: JSON.stringify({ 0: { json: body }, 1: { json: { ...body, password: "wrong" } } }),
  })
  expect(response.status).toBe(207)
  expect(setCookieHeader(response)).toMatch(/^__Host-latchkey=/)
  expect(await response.text()).not.toContain("refreshToken")
})

/** Sends a batch as tRPC's `httpBatchStreamLink` does. Its response may be streamed. */
async function callStreamed(procedures: string, inputs: unknown[], headers: Record<string, string> = {}) {
  const response = await fetch(`${server().url}/trpc/${procedures}?batch=1`, {
    method: "POST",
    headers: {
      ...ownPage(),
      "content-type": "application/json",
      "trpc-accept": "application/jsonl",
      ...headers,
    },
    body: JSON.stringify(Object.fromEntries(inputs.map((json, index) => [index, { json }]))),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test("streamed responses set the cookie on registration, sign-in and refresh, and clear it on sign-out", async () => {
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }

  const signedUp = await callStreamed("auth.register", [body])
  const signedIn = await callStreamed("auth.login,auth.login", [body, { ...body, password: "wrong" }])
  for (const reply of [signedUp, signedIn]) {
    expect(setCookieHeader(reply)).toMatch(/^__Host-latchkey=[\w-]{86};/)
    expect(reply.text).toContain("accessToken")
    expect(reply.text).not.toContain("refreshToken")
  }
  expect(signedIn.headers.has("ratelimit")).toBe(true)

  await letTimePass()
  const refreshed = await callStreamed("auth.refresh", [{}], { cookie: readCookie(signedIn) })
  expect(readCookie(refreshed)).toMatch(/^__Host-latchkey=[\w-]{86}$/)
  expect(readCookie(refreshed)).not.toBe(readCookie(signedIn))
  const signedOut = await callStreamed("auth.logout", [], { cookie: readCookie(refreshed) })
  expect(setCookieHeader(signedOut)).toMatch(/Max-Age=0/)
  expect(await refresh(readCookie(refreshed))).toMatchObject(unauthenticated)
})

test("a sign-in that does not request a cookie gets none, and has the refresh token in its response body", async () => {
  const { email, password } = await register(server().url)
  const reply = await rest(server().url, "POST", "/auth/login", {
    body: { email, password },
    headers: ownPage(),
  })
  expect(setCookieHeader(reply)).toBe("")
  expect(reply.body.refreshToken).toMatch(/^[\w-]{86}$/)
})

test("refreshing with the cookie continues the session and replaces the cookie", async () => {
  const { cookie, reply } = await signUp()
  await letTimePass()

  const second = await refresh(cookie)

  expect(second).toMatchObject({ status: 200, body: { user: reply.body.user } })
  expect(second.body.refreshToken).toBeUndefined()
  expect(readCookie(second)).not.toBe(cookie)
  await letTimePass()
  const third = await refresh(readCookie(second))
  expect(third).toMatchObject({ status: 200 })
  expect(readCookie(third)).not.toBe(readCookie(second))
  expect(await isSignedIn(second.body.accessToken)).toBe(true)
})

test("a page that is reloaded before the response arrives sends the same cookie again, and stays signed in", async () => {
  const { cookie } = await signUp()
  await letTimePass()

  const responses = await Promise.all([refresh(cookie), refresh(cookie), refresh(cookie)])

  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(new Set(responses.map(readCookie)).size).toBe(1)
  expect(await refresh(readCookie(responses[0] ?? { headers: new Headers() }))).toMatchObject({ status: 200 })
})

test("a cookie that was just replaced gets its successor again, without another rotation", async () => {
  const { cookie } = await signUp()
  await letTimePass()
  const second = readCookie(await refresh(cookie))

  expect(readCookie(await refresh(second))).toBe(second)
  expect(readCookie(await refresh(cookie))).toBe(second)
})

test("reusing an older cookie ends the session, because it may have been stolen", async () => {
  const { cookie, accessToken } = await signUp()
  await letTimePass()
  await refresh(cookie)
  await letTimePass()

  expect(await refresh(cookie)).toMatchObject(unauthenticated)

  expect(await isSignedIn(accessToken)).toBe(false)
})

test("signing in again ends the browser's previous session and no other", async () => {
  const [first, elsewhere] = [await signUp(), await signUp()]
  const signIn = (password: string, cookie: string) =>
    rest(server().url, "POST", "/auth/login", {
      body: { ...first.body, password },
      headers: { ...ownPage(), cookie },
    })

  expect(await signIn("wrong", first.cookie)).toMatchObject({ status: 401 })
  expect(await isSignedIn(first.accessToken)).toBe(true)

  const second = await signIn(first.body.password, first.cookie)
  expect(second).toMatchObject({ status: 200 })
  expect(await isSignedIn(first.accessToken)).toBe(false)
  expect(await refresh(readCookie(second))).toMatchObject({ status: 200 })
  expect(await isSignedIn(elsewhere.accessToken)).toBe(true)

  expect(await signIn(first.body.password, "__Host-latchkey=nonsense")).toMatchObject({ status: 200 })
})

test("a missing or malformed cookie is unauthenticated", async () => {
  expect(await rest(server().url, "POST", "/auth/refresh", { headers: ownPage() })).toMatchObject(
    unauthenticated,
  )
  expect(await refresh("__Host-latchkey=nonsense")).toMatchObject(unauthenticated)
  expect(await refresh("latchkey=nonsense")).toMatchObject(unauthenticated)
})

test("signing out with the cookie ends its session and clears the cookie", async () => {
  const { cookie, accessToken } = await signUp()

  const reply = await rest(server().url, "POST", "/auth/logout", { headers: { ...ownPage(), cookie } })

  expect(reply.status).toBe(204)
  expect(setCookieHeader(reply)).toMatch(/^__Host-latchkey=; Max-Age=0; /)
  expect(await isSignedIn(accessToken)).toBe(false)
  expect(await refresh(cookie)).toMatchObject(unauthenticated)
})

test("signing out with both ends the access token's session; an invalid access token is refused despite the cookie", async () => {
  const { cookie, accessToken } = await signUp()
  const headers = { ...ownPage(), cookie }

  const bad = await rest(server().url, "POST", "/auth/logout", { headers, accessToken: "bad" })
  expect(bad).toMatchObject(unauthenticated)
  expect(await isSignedIn(accessToken)).toBe(true)

  const good = await rest(server().url, "POST", "/auth/logout", { headers, accessToken })
  expect(good.status).toBe(204)
  expect(setCookieHeader(good)).toMatch(/Max-Age=0/)
  expect(await isSignedIn(accessToken)).toBe(false)
})

test("no other endpoint accepts the cookie", async () => {
  const { cookie } = await signUp()
  const headers = { ...ownPage(), cookie }
  const calls = [
    ["GET", "/auth/me"],
    ["GET", "/auth/apikeys"],
    ["POST", "/auth/apikeys", { label: "x" }],
    ["DELETE", "/auth/apikeys/x"],
    ["GET", "/auth/sessions"],
    ["DELETE", "/auth/sessions"],
    ["DELETE", "/auth/sessions/x"],
    ["POST", "/auth/password", { currentPassword: "x", newPassword: "a long enough phrase" }],
  ] as const
  for (const [method, path, body] of calls) {
    expect(await rest(server().url, method, path, { headers, body })).toMatchObject(unauthenticated)
  }
})

test("the log contains no cookie", async () => {
  const { cookie } = await signUp()
  await refresh(cookie)
  expect(server().log.join()).not.toContain(cookie.split("=")[1])
})
