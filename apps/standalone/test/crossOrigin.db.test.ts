import { randomUUID } from "node:crypto"
import { connect, createTcpProxy } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, register, rest, startServerOnPostgres, startTestServer } from "./testServer.ts"

const WEB = "https://app.example"
const APP = "capacitor://localhost"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let url: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    CORS_ORIGINS: `${WEB},${APP}`,
    RATE_LIMIT_FACTOR: "1",
  })
  url = server.url
})
afterAll(() => server[Symbol.asyncDispose]())

const preflight = (path: string, headers: Record<string, string>) =>
  fetch(url + path, {
    method: "OPTIONS",
    headers: { origin: WEB, "access-control-request-method": "POST", ...headers },
  })

const tokensIn = (headers: Headers, name: string) =>
  (headers.get(name) ?? "").split(",").map((token) => token.trim().toLowerCase())

function expectReadable(headers: Headers, origin = WEB) {
  expect(headers.get("access-control-allow-origin")).toBe(origin)
  expect(headers.get("access-control-allow-credentials")).toBeNull()
  expect(tokensIn(headers, "access-control-expose-headers")).toEqual(
    expect.arrayContaining(["x-request-id", "retry-after", "ratelimit", "www-authenticate"]),
  )
  expect(tokensIn(headers, "vary")).toContain("origin")
}

test.each(["/auth/me", "/trpc/auth.me", "/healthz"])(
  "a preflight of %s allows the headers that a page's other scripts add",
  async (path) => {
    const asked = "x-api-key,traceparent,tracestate,baggage,sentry-trace,x-request-id,x-datadog-trace-id"
    const { status, headers } = await preflight(path, { "access-control-request-headers": asked })
    expect(status).toBe(204)
    expect(headers.get("access-control-allow-origin")).toBe(WEB)
    expect(tokensIn(headers, "access-control-allow-headers")).toEqual(asked.split(","))
    expect(tokensIn(headers, "vary")).toEqual(
      expect.arrayContaining(["origin", "access-control-request-headers"]),
    )
    expect(headers.get("cache-control")).toBe("no-store")
  },
)

test.each(["", ",", "\xff\xfe", "a b", "<script>", "x".repeat(10_000)])(
  "a preflight that asks for %j does no harm, and other origins get no answer",
  async (asked) => {
    const headers = { "access-control-request-headers": asked }
    expect((await preflight("/auth/me", headers)).status).toBe(204)
    const other = await preflight("/auth/me", { ...headers, origin: "https://evil.example" })
    expect(other.headers.get("access-control-allow-origin")).toBeNull()
  },
)

test("apps have origins as well, compared exactly", async () => {
  const me = (origin: string) => rest(url, "GET", "/auth/me", { headers: { origin } })
  expectReadable((await me(APP)).headers, APP)
  for (const origin of ["capacitor://localhost.evil", "capacitor://evil", "ionic://localhost", "null"]) {
    expect((await me(origin)).headers.get("access-control-allow-origin")).toBeNull()
  }
})

// A POST without a body is sent without a preflight, wherever the page is from.
test.each<[string, (user: Awaited<ReturnType<typeof register>>) => Record<string, string>]>([
  ["/auth/register", () => ({ email: `${randomUUID()}@example.com`, password: newSecret() })],
  ["/auth/login", ({ email, password }) => ({ email, password })],
  ["/auth/refresh", ({ refreshToken }) => ({ refreshToken })],
  ["/auth/apikeys", () => ({ label: "x" })],
  ["/auth/password", ({ password }) => ({ currentPassword: password, newPassword: newSecret() })],
])("%s takes nothing from its URL", async (path, inputOf) => {
  const user = await register(url)
  const { accessToken, email, password } = user
  const before = (await rest(url, "GET", "/auth/audit", { accessToken })).body.items
  const input = inputOf(user)
  const sent = await rest(url, "POST", `${path}?${new URLSearchParams(input)}`, {
    accessToken,
    headers: { origin: "https://evil.example" },
  })
  expect(sent).toMatchObject({ status: 400, body: { reason: "INVALID_INPUT" } })
  expect(JSON.stringify(sent.body)).not.toContain(Object.values(input)[0])
  expect((await rest(url, "GET", "/auth/audit", { accessToken })).body.items).toEqual(before)
  if (path === "/auth/register") {
    expect((await rest(url, "POST", "/auth/login", { body: input })).status).toBe(401)
  }
  expect((await rest(url, "POST", "/auth/login", { body: { email, password } })).status).toBe(200)
})

const json = { "content-type": "application/json" }

test.each<[number, string, string, RequestInit]>([
  [401, "GET", "/auth/me", {}],
  [404, "GET", "/auth/nowhere", {}],
  [404, "GET", "/nowhere", {}],
  [405, "PUT", "/auth/me", {}],
  [400, "POST", "/auth/login", { headers: json, body: "{" }],
  [413, "POST", "/auth/login", { headers: json, body: "x".repeat(65_537) }],
  [413, "POST", "/trpc/auth.login", { headers: json, body: "x".repeat(65_537) }],
  [415, "POST", "/auth/login", { headers: { "content-type": "text/plain" }, body: "x" }],
  [415, "POST", "/auth/login", { headers: { ...json, "content-encoding": "gzip" }, body: "x" }],
])("a page of an allowed origin can read a refusal: %i to %s %s", async (status, method, path, init) => {
  const response = await fetch(url + path, { method, ...init, headers: { ...init.headers, origin: WEB } })
  expect(response.status).toBe(status)
  expectReadable(response.headers)
})

test("a page of an allowed origin can read that it asked too often, and when to ask again", async () => {
  const { email } = await register(url)
  const guess = () =>
    rest(url, "POST", "/auth/login", { body: { email, password: "wrong" }, headers: { origin: WEB } })
  let reply = await guess()
  while (reply.status === 401) reply = await guess()
  expect(reply.status).toBe(429)
  expectReadable(reply.headers)
})

test("a page of an allowed origin can read that the database is away", async () => {
  const link = await createTcpProxy(new URL(server.shared.DATABASE_URL))
  await using cut = await startTestServer({
    ...server.shared,
    DATABASE_URL: link.url,
    CORS_ORIGINS: WEB,
  })
  await link.cut()
  for (const path of ["/auth/me", "/trpc/auth.me", "/readyz"]) {
    const { status, headers } = await rest(cut.url, "GET", path, {
      apiKey: newSecret(),
      headers: { origin: WEB },
    })
    expect(status).toBe(503)
    expect(headers.get("cache-control")).toBe("no-store")
    expectReadable(headers)
  }
})

test("a page of an allowed origin can read that something went wrong inside", async () => {
  await using broken = await startServerOnPostgres(inject("postgresUrl"), { CORS_ORIGINS: WEB })
  const sql = connect(broken.shared.DATABASE_URL)
  await sql`drop table api_keys cascade`
  await sql.end()
  const { status, headers } = await rest(broken.url, "GET", "/auth/me", {
    apiKey: newSecret(),
    headers: { origin: WEB },
  })
  expect(status).toBe(500)
  expectReadable(headers)
})
