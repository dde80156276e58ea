import { randomBytes, randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { openConnection } from "./abuse/rawConnection.ts"
import { request } from "./abuse/request.ts"
import { register, rest, startServerOnPostgres } from "./testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let url: string
let ownPage: Record<string, string>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { CORS_ORIGINS: "https://app.example" })
  url = server.url
  ownPage = { origin: url, "sec-fetch-site": "same-origin" }
})
afterAll(() => server[Symbol.asyncDispose]())

const forbidden = { status: 403, body: { reason: "FORBIDDEN" } }
const unauthenticated = { status: 401, body: { reason: "UNAUTHENTICATED" } }

const setCookieOf = ({ headers }: { headers: Headers }) => headers.getSetCookie().join()
const cookieOf = (reply: { headers: Headers }) => setCookieOf(reply).split(";", 1)[0] ?? ""

async function signUp() {
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }
  const reply = await rest(url, "POST", "/auth/register", { body, headers: ownPage })
  expect(reply.status).toBe(201)
  return { body, reply, cookie: cookieOf(reply), accessToken: reply.body.accessToken as string }
}

const refresh = (cookie: string, headers = ownPage) =>
  rest(url, "POST", "/auth/refresh", { headers: { ...headers, cookie } })

const isSignedIn = async (accessToken: string) =>
  (await rest(url, "GET", "/auth/me", { accessToken })).status === 200

/** As a proxy passes it on: `fetch` sends no `Host` of ours. */
async function refreshAt(host: string, { origin, cookie }: { origin: string; cookie: string }) {
  using connection = openConnection(url)
  const headers = [`Host: ${host}`, `Origin: ${origin}`, `Cookie: ${cookie}`, "Content-Length: 0"]
  connection.write(request("POST /auth/refresh", headers))
  return (await connection.read())?.status
}

/** So long after the last turn that the cookie may turn again. */
async function letTimePass() {
  const sql = connect(server.shared.DATABASE_URL)
  await sql`update sessions set refreshed_at = refreshed_at - interval '31 s'`
  await sql.end()
}

test("the refresh token is in the cookie, out of reach of scripts and of other sites, and not in the answer", async () => {
  const { body, reply } = await signUp()
  const again = await rest(url, "POST", "/auth/login", { body, headers: ownPage })

  for (const { body, ...signedIn } of [reply, again]) {
    expect(setCookieOf(signedIn)).toMatch(
      /^__Host-latchkey=[\w-]{86}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    )
    expect(Object.keys(body).sort()).toEqual(["accessToken", "accessTokenExpiresAt", "user"])
  }
})

test("a session of ten years has its cookie for as long as browsers keep one, and signs in", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"), { REFRESH_TOKEN_TTL: "315360000" })
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }
  const call = { body, headers: { origin: server.url } }
  for (const path of ["/auth/register", "/auth/login"]) {
    const reply = await rest(server.url, "POST", path, call)
    expect(reply.status).toBeLessThan(300)
    expect(setCookieOf(reply)).toMatch(/; Max-Age=34560000; /)
  }
})

test("signing out by made-up cookies is counted for the address, and a real one still signs out", async () => {
  const strict = await startServerOnPostgres(inject("postgresUrl"), { RATE_LIMIT_FACTOR: "1" })
  await using _ = strict
  const headers = { origin: strict.url }
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }
  const signedUp = await rest(strict.url, "POST", "/auth/register", { body, headers })
  const madeUp = () => {
    const id = Buffer.from(randomUUID().replaceAll("-", ""), "hex")
    return `__Host-latchkey=${Buffer.concat([id, randomBytes(48)]).toString("base64url")}`
  }
  const logouts = (count: number, cookie: string) =>
    fetch(`${strict.url}/trpc/${Array(count).fill("auth.logout").join(",")}?batch=1`, {
      method: "POST",
      headers: { ...headers, cookie, "content-type": "application/json" },
      body: "{}",
    })
  for (let i = 0; i < 50; i++) expect((await logouts(20, madeUp())).status).toBe(200)

  const refused = await rest(strict.url, "POST", "/auth/logout", {
    headers: { ...headers, cookie: madeUp() },
  })
  expect(refused).toMatchObject({ status: 429, body: { reason: "RATE_LIMITED", begun: false } })
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)

  const cookie = cookieOf(signedUp)
  const refreshed = await rest(strict.url, "POST", "/auth/refresh", { headers: { ...headers, cookie } })
  expect(refreshed.status).toBe(200)
  const signedOut = await rest(strict.url, "POST", "/auth/logout", { headers: { ...headers, cookie } })
  expect(signedOut.status).toBe(204)
  expect((await rest(strict.url, "GET", "/auth/me", refreshed.body)).status).toBe(401)
})

test("the same over tRPC, where it stands beside other calls of a batch", async () => {
  const { body } = await signUp()
  const response = await fetch(`${url}/trpc/auth.login,auth.login?batch=1`, {
    method: "POST",
    headers: { ...ownPage, "content-type": "application/json" },
    body: JSON.stringify({ 0: { json: body }, 1: { json: { ...body, password: "wrong" } } }),
  })
  expect(response.status).toBe(207)
  expect(setCookieOf(response)).toMatch(/^__Host-latchkey=/)
  expect(await response.text()).not.toContain("refreshToken")
})

/** A call as tRPC's `httpBatchStreamLink` sends it, the answer to which may come bit by bit. */
async function callStreamed(procedures: string, inputs: unknown[], headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/trpc/${procedures}?batch=1`, {
    method: "POST",
    headers: {
      ...ownPage,
      "content-type": "application/json",
      "trpc-accept": "application/jsonl",
      ...headers,
    },
    body: JSON.stringify(Object.fromEntries(inputs.map((json, index) => [index, { json }]))),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test("the same where a client asks for a streamed answer: signing up, in, on and out", async () => {
  const body = { email: `${randomUUID()}@example.com`, password: randomUUID(), session: "cookie" }

  const signedUp = await callStreamed("auth.register", [body])
  const signedIn = await callStreamed("auth.login,auth.login", [body, { ...body, password: "wrong" }])
  for (const reply of [signedUp, signedIn]) {
    expect(setCookieOf(reply)).toMatch(/^__Host-latchkey=[\w-]{86};/)
    expect(reply.text).toContain("accessToken")
    expect(reply.text).not.toContain("refreshToken")
  }
  expect(signedIn.headers.has("ratelimit")).toBe(true)

  await letTimePass()
  const refreshed = await callStreamed("auth.refresh", [{}], { cookie: cookieOf(signedIn) })
  expect(cookieOf(refreshed)).toMatch(/^__Host-latchkey=[\w-]{86}$/)
  expect(cookieOf(refreshed)).not.toBe(cookieOf(signedIn))
  const signedOut = await callStreamed("auth.logout", [], { cookie: cookieOf(refreshed) })
  expect(setCookieOf(signedOut)).toMatch(/Max-Age=0/)
  expect(await refresh(cookieOf(refreshed))).toMatchObject(unauthenticated)
})

test("without asking for it there is no cookie, and the token is in the answer as ever", async () => {
  const { email, password } = await register(url)
  const reply = await rest(url, "POST", "/auth/login", { body: { email, password }, headers: ownPage })
  expect(setCookieOf(reply)).toBe("")
  expect(reply.body.refreshToken).toMatch(/^[\w-]{86}$/)
})

test("the cookie goes on with the session, and turns when it is used", async () => {
  const { cookie, reply } = await signUp()
  await letTimePass()

  const second = await refresh(cookie)

  expect(second).toMatchObject({ status: 200, body: { user: reply.body.user } })
  expect(second.body.refreshToken).toBeUndefined()
  expect(cookieOf(second)).not.toBe(cookie)
  await letTimePass()
  const third = await refresh(cookieOf(second))
  expect(third).toMatchObject({ status: 200 })
  expect(cookieOf(third)).not.toBe(cookieOf(second))
  expect(await isSignedIn(second.body.accessToken)).toBe(true)
})

test("a page that is reloaded before the answer came asks with the same cookie, and stays signed in", async () => {
  const { cookie } = await signUp()
  await letTimePass()

  const answers = await Promise.all([refresh(cookie), refresh(cookie), refresh(cookie)])

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(new Set(answers.map(cookieOf)).size).toBe(1)
  expect(await refresh(cookieOf(answers[0] ?? { headers: new Headers() }))).toMatchObject({ status: 200 })
})

test("the cookie that was just replaced is answered with the one in its place, which does not turn so soon", async () => {
  const { cookie } = await signUp()
  await letTimePass()
  const second = cookieOf(await refresh(cookie))

  expect(cookieOf(await refresh(second))).toBe(second)
  expect(cookieOf(await refresh(cookie))).toBe(second)
})

test("a cookie from before is good for no more than a moment: somebody has a copy", async () => {
  const { cookie, accessToken } = await signUp()
  await letTimePass()
  await refresh(cookie)
  await letTimePass()

  expect(await refresh(cookie)).toMatchObject(unauthenticated)

  expect(await isSignedIn(accessToken)).toBe(false)
})

test("signing in anew ends the session that the browser had, and no other", async () => {
  const [first, elsewhere] = [await signUp(), await signUp()]
  const signIn = (password: string, cookie: string) =>
    rest(url, "POST", "/auth/login", { body: { ...first.body, password }, headers: { ...ownPage, cookie } })

  expect(await signIn("wrong", first.cookie)).toMatchObject({ status: 401 })
  expect(await isSignedIn(first.accessToken)).toBe(true)

  const second = await signIn(first.body.password, first.cookie)
  expect(second).toMatchObject({ status: 200 })
  expect(await isSignedIn(first.accessToken)).toBe(false)
  expect(await refresh(cookieOf(second))).toMatchObject({ status: 200 })
  expect(await isSignedIn(elsewhere.accessToken)).toBe(true)

  expect(await signIn(first.body.password, "__Host-latchkey=nonsense")).toMatchObject({ status: 200 })
})

test("no cookie, or nonsense in it, is no session", async () => {
  expect(await rest(url, "POST", "/auth/refresh", { headers: ownPage })).toMatchObject(unauthenticated)
  expect(await refresh("__Host-latchkey=nonsense")).toMatchObject(unauthenticated)
  expect(await refresh("latchkey=nonsense")).toMatchObject(unauthenticated)
})

test.each([
  ["none", {}],
  ["of another site", { origin: "https://evil.example" }],
  ["that may call, but is not ours", { origin: "https://app.example" }],
  ["of another port", { origin: "http://localhost:1" }],
  ["null", { origin: "null" }],
  ["which is no URL", { origin: "localhost" }],
])("an origin %s can neither make, use nor end a cookie's session", async (_, headers) => {
  const { body, cookie, accessToken } = await signUp()

  const attempts = [
    rest(url, "POST", "/auth/login", { body, headers }),
    rest(url, "POST", "/auth/register", { body: { ...body, email: `x${body.email}` }, headers }),
    refresh(cookie, headers),
    rest(url, "POST", "/auth/logout", { headers: { ...headers, cookie } }),
  ]

  for (const reply of await Promise.all(attempts)) {
    expect(reply).toMatchObject(forbidden)
    expect(setCookieOf(reply)).toBe("")
  }
  expect(await isSignedIn(accessToken)).toBe(true)
  expect(await refresh(cookie)).toMatchObject({ status: 200 })
})

test.each([
  ["https://app.example.com", "app.example.com:443"],
  ["http://app.example.com", "app.example.com:80"],
  ["https://app.example.com", "App.Example.COM"],
  ["https://app.example.com:8443", "app.example.com:8443"],
  ["http://[::1]:3000", "[::1]:3000"],
  ["http://[2001:db8::a]", "[2001:DB8::A]:80"],
])("a page at %s is our own when a proxy says Host: %s", async (origin, host) => {
  const { cookie } = await signUp()
  expect(await refreshAt(host, { origin, cookie })).toBe(200)
})

test.each([
  ["https://app.example.com", "app.example.com:80"],
  ["http://app.example.com", "app.example.com:443"],
  ["https://app.example.com", "app.example.com:8443"],
  ["https://app.example.com", "app.example.com.evil.example"],
  ["https://app.example.com", "evil.example"],
  ["https://app.example.com.", "app.example.com"],
  ["chrome-extension://abcdef", "abcdef"],
  ["tauri://localhost", "localhost"],
])("a page at %s is another's when the request went to Host: %s", async (origin, host) => {
  const { cookie } = await signUp()
  expect(await refreshAt(host, { origin, cookie })).toBe(403)
})

test("our origin does not count when the browser says that the page is another's", async () => {
  const { cookie } = await signUp()
  expect(await refresh(cookie, { origin: url, "sec-fetch-site": "same-site" })).toMatchObject(forbidden)
})

test("signing out by the cookie ends its session and takes the cookie back", async () => {
  const { cookie, accessToken } = await signUp()

  const reply = await rest(url, "POST", "/auth/logout", { headers: { ...ownPage, cookie } })

  expect(reply.status).toBe(204)
  expect(setCookieOf(reply)).toMatch(/^__Host-latchkey=; Max-Age=0; /)
  expect(await isSignedIn(accessToken)).toBe(false)
  expect(await refresh(cookie)).toMatchObject(unauthenticated)
})

test("signing out with both ends the access token's session; a bad one is refused, whatever the cookie", async () => {
  const { cookie, accessToken } = await signUp()
  const headers = { ...ownPage, cookie }

  const bad = await rest(url, "POST", "/auth/logout", { headers, accessToken: "bad" })
  expect(bad).toMatchObject(unauthenticated)
  expect(await isSignedIn(accessToken)).toBe(true)

  const good = await rest(url, "POST", "/auth/logout", { headers, accessToken })
  expect(good.status).toBe(204)
  expect(setCookieOf(good)).toMatch(/Max-Age=0/)
  expect(await isSignedIn(accessToken)).toBe(false)
})

test("the cookie opens nothing else", async () => {
  const { cookie } = await signUp()
  const headers = { ...ownPage, cookie }
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
    expect(await rest(url, method, path, { headers, body })).toMatchObject(unauthenticated)
  }
})

test("no log line holds a cookie", async () => {
  const { cookie } = await signUp()
  await refresh(cookie)
  expect(server.log.join()).not.toContain(cookie.split("=")[1])
})
