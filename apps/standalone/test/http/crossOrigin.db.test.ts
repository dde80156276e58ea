import { randomUUID } from "node:crypto"
import { connect, createTcpProxy } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

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

const readList = (headers: Headers, name: string) =>
  (headers.get(name) ?? "").split(",").map((token) => token.trim().toLowerCase())

function expectReadable(headers: Headers, origin = WEB) {
  expect(headers.get("access-control-allow-origin")).toBe(origin)
  expect(headers.get("access-control-allow-credentials")).toBeNull()
  expect(readList(headers, "access-control-expose-headers")).toEqual(
    expect.arrayContaining(["x-request-id", "retry-after", "ratelimit", "www-authenticate"]),
  )
  expect(readList(headers, "vary")).toContain("origin")
}

test.each(["/auth/me", "/trpc/auth.me", "/healthz"])(
  "a preflight of %s allows the headers that tracing scripts add to requests",
  async (path) => {
    const requested = "x-api-key,traceparent,tracestate,baggage,sentry-trace,x-request-id,x-datadog-trace-id"
    const { status, headers } = await preflight(path, { "access-control-request-headers": requested })
    expect(status).toBe(204)
    expect(headers.get("access-control-allow-origin")).toBe(WEB)
    expect(readList(headers, "access-control-allow-headers")).toEqual(requested.split(","))
    expect(readList(headers, "vary")).toEqual(
      expect.arrayContaining(["origin", "access-control-request-headers"]),
    )
    expect(headers.get("cache-control")).toBe("no-store")
  },
)

test.each(["", ",", "\xff\xfe", "a b", "<script>", "x".repeat(10_000)])(
  "a preflight that requests the headers %j succeeds, and other origins are not allowed",
  async (requested) => {
    const headers = { "access-control-request-headers": requested }
    expect((await preflight("/auth/me", headers)).status).toBe(204)
    const other = await preflight("/auth/me", { ...headers, origin: "https://evil.example" })
    expect(other.headers.get("access-control-allow-origin")).toBeNull()
  },
)

test("origins of apps can be allowed, and are compared exactly", async () => {
  const me = (origin: string) => rest(url, "GET", "/auth/me", { headers: { origin } })
  expectReadable((await me(APP)).headers, APP)
  for (const origin of ["capacitor://localhost.evil", "capacitor://evil", "ionic://localhost", "null"]) {
    expect((await me(origin)).headers.get("access-control-allow-origin")).toBeNull()
  }
})

// Browsers send a POST without a body from any page without a preflight.
test.each<[string, (user: Awaited<ReturnType<typeof register>>) => Record<string, string>]>([
  ["/auth/register", () => ({ email: `${randomUUID()}@example.com`, password: newSecret() })],
  ["/auth/login", ({ email, password }) => ({ email, password })],
  ["/auth/refresh", ({ refreshToken }) => ({ refreshToken })],
  ["/auth/apikeys", () => ({ label: "x" })],
  ["/auth/password", ({ password }) => ({ currentPassword: password, newPassword: newSecret() })],
])("POST %s takes no input from its URL", async (path, createInput) => {
  const user = await register(url)
  const { accessToken, email, password } = user
  const before = (await rest(url, "GET", "/auth/audit", { accessToken })).body.items
  const input = createInput(user)
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
])("pages of an allowed origin can read the error %i of %s %s", async (status, method, path, init) => {
  const response = await fetch(url + path, { method, ...init, headers: { ...init.headers, origin: WEB } })
  expect(response.status).toBe(status)
  expectReadable(response.headers)
})

test("pages of an allowed origin can read a rate-limit error and when to retry", async () => {
  const { email } = await register(url)
  const guess = () =>
    rest(url, "POST", "/auth/login", { body: { email, password: "wrong" }, headers: { origin: WEB } })
  let reply = await guess()
  while (reply.status === 401) reply = await guess()
  expect(reply.status).toBe(429)
  expectReadable(reply.headers)
})

test("pages of an allowed origin can read that the database is unavailable", async () => {
  const proxy = await createTcpProxy(new URL(server.shared.DATABASE_URL))
  await using offline = await startTestServer({
    ...server.shared,
    DATABASE_URL: proxy.url,
    CORS_ORIGINS: WEB,
  })
  await proxy.disconnect()
  for (const path of ["/auth/me", "/trpc/auth.me", "/readyz"]) {
    const { status, headers } = await rest(offline.url, "GET", path, {
      apiKey: newSecret(),
      headers: { origin: WEB },
    })
    expect(status).toBe(503)
    expect(headers.get("cache-control")).toBe("no-store")
    expectReadable(headers)
  }
})

test("pages of an allowed origin can read an internal error", async () => {
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
