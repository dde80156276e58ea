import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let url: string
let accessToken: string
let apiKey: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { CORS_ORIGINS: "https://app.example" })
  url = server.url
  accessToken = (await register(url)).accessToken
  apiKey = (await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })).body.key
})
afterAll(() => server[Symbol.asyncDispose]())

const json = { "content-type": "application/json" }

/** Calls tRPC without a client, and unwraps superjson's envelope. */
async function trpc(path: string, init: RequestInit = {}) {
  const response = await fetch(`${url}/trpc/${path}`, init)
  // biome-ignore lint/suspicious/noExplicitAny: the tests know its shape.
  const unwrap = (part: any) => part.error?.json ?? part
  const body = JSON.parse(await response.text())
  return { status: response.status, body: Array.isArray(body) ? body.map(unwrap) : unwrap(body) }
}

const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers: { ...json, ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
})

describe("every response", () => {
  test.each([
    ["GET", "/healthz", 200],
    ["GET", "/readyz", 200],
    ["GET", "/openapi.json", 200],
    ["GET", "/auth/me", 401],
    ["GET", "/auth/verify", 401],
    ["GET", "/nowhere", 404],
    ["GET", "/auth/nowhere", 404],
    ["GET", "/trpc/auth.me", 401],
    ["GET", "/trpc/nowhere", 404],
    ["GET", "/trpc", 404],
    ["GET", "/trpc/a/b", 404],
    ["PUT", "/auth/me", 405],
    ["POST", "/healthz", 405],
    ["PUT", "/trpc/auth.me", 405],
    ["GET", "/trpc/auth.login", 405],
    ["POST", "/trpc/auth.me", 405],
  ])(
    "%s %s: %i with a request id, security headers, and no-store where it is required",
    async (method, path, status) => {
      const response = await fetch(url + path, {
        method,
        headers: json,
        ...(method === "POST" && { body: "{}" }),
      })
      const text = await response.text()

      expect(response.status).toBe(status)
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
      expect(response.headers.get("x-content-type-options")).toBe("nosniff")
      expect(response.headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains")
      expect(response.headers.get("content-security-policy")).toBe(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect(response.headers.get("content-type")).toMatch(/^application\/json/)
      if (/^\/(auth|trpc)/.test(path)) expect(response.headers.get("cache-control")).toBe("no-store")
      if (status === 405) expect(response.headers.get("allow")).toBeTruthy()
      if (status < 400) return
      const error = path.startsWith("/trpc") ? JSON.parse(text).error.json.data : JSON.parse(text)
      const reason = { 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED" }[status]
      expect(error).toMatchObject({ reason, requestId: response.headers.get("x-request-id") })
      expect(text).not.toMatch(/nowhere|stack|node_modules/)
    },
  )
})

describe("an error about invalid input names the field and does not repeat its value", () => {
  const secret = "hunter2-hunter2"
  test.each([
    ["POST", "/auth/register", { email: secret, password: "a good long password" }, "email"],
    ["POST", "/auth/register", { email: "x@example.com", password: 7 }, "password"],
    ["POST", "/auth/register", { email: "x@example.com", password: "short" }, "password"],
    ["POST", "/auth/register", { email: "x@example.com" }, "password"],
    ["POST", "/auth/login", { email: "x@example.com", password: secret, remember: secret }, "remember"],
    ["POST", "/auth/login", [secret], "input"],
    ["POST", "/auth/login", null, "input"],
    ["POST", "/auth/login", undefined, "input"],
    ["POST", "/auth/refresh", { refreshToken: { $ne: secret } }, "refreshToken"],
    ["POST", "/auth/apikeys", { label: "" }, "label"],
    ["POST", "/auth/apikeys", { label: "  " }, "label"],
    ["POST", "/auth/apikeys", { label: "x".repeat(101) }, "label"],
    ["POST", "/auth/apikeys", { label: "a\0b" }, "label"],
    ["POST", "/auth/apikeys", { label: "\ud800" }, "label"],
    ["POST", "/auth/apikeys", { label: "x", expiresAt: secret }, "expiresAt"],
    ["POST", "/auth/apikeys", { label: "x", expiresAt: "2001-01-01T00:00:00Z" }, "expiresAt"],
    ["POST", "/auth/apikeys", { label: "x", expiresAt: "9999-12-31T23:59:59-14:00" }, "expiresAt"],
    ["POST", "/auth/apikeys", '{"label":"x","__proto__":{"admin":true}}', "unknown field"],
    ["POST", "/auth/apikeys", '{"label":"x","constructor":1}', "constructor"],
    ["POST", "/auth/logout", { everywhere: true }, "no input"],
    ["POST", "/auth/password", { currentPassword: secret, newPassword: "password1234" }, "newPassword"],
    ["GET", `/auth/apikeys?limit=0`, undefined, "limit"],
    ["GET", `/auth/apikeys?limit=101`, undefined, "limit"],
    ["GET", `/auth/apikeys?limit=ten`, undefined, "limit"],
    ["GET", `/auth/apikeys?limit=1&limit=2`, undefined, "more than once"],
    ["GET", `/auth/apikeys?cursor=${secret}`, undefined, "cursor"],
    ["GET", `/auth/apikeys?owner=${secret}`, undefined, "owner"],
    ["GET", `/auth/me?as=${secret}`, undefined, "no input"],
    ["DELETE", `/auth/apikeys/x?id=${secret}`, undefined, "takes no query"],
    ["DELETE", `/auth/apikeys/${"x".repeat(101)}`, undefined, "id"],
  ])("%s %s %j", async (method, path, body, field) => {
    const reply = await rest(url, method, path, { accessToken, body })
    expect(reply).toMatchObject({ status: 400, body: { code: "BAD_REQUEST", reason: "INVALID_INPUT" } })
    expect(reply.body.message).toContain(field)
    expect(JSON.stringify(reply.body)).not.toContain("hunter2")
  })

  test.each([
    ["auth.register", { json: { email: secret, password: "a good long password" } }, "email"],
    ["auth.login", { json: { email: "x@example.com", password: secret, remember: secret } }, "remember"],
    ["auth.login", { email: "x@example.com", password: secret }, "input"],
    ["apiKeys.create", { json: { label: "" } }, "label"],
    ["apiKeys.create", { json: { label: "x", expiresAt: 7 } }, "expiresAt"],
    ["apiKeys.revoke", { json: { key_id: "x" } }, "id"],
    ["auth.logout", { json: { everywhere: true } }, "no input"],
  ])("tRPC %s %j", async (path, input, field) => {
    const { status, body } = await trpc(path, post(input, { authorization: `Bearer ${accessToken}` }))
    expect(status).toBe(400)
    expect(body.data).toMatchObject({ code: "BAD_REQUEST", reason: "INVALID_INPUT", httpStatus: 400 })
    expect(body.message).toContain(field)
    expect(JSON.stringify(body)).not.toContain("hunter2")
  })

  test("a label may have 100 characters of any script, and only the whitespace around it is removed", async () => {
    const label = "🔑".repeat(100)
    const created = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: ` ${label} ` } })
    expect(created).toMatchObject({ status: 201, body: { label } })
  })

  test("a requested expiry is stored", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const created = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x", expiresAt } })
    expect(created).toMatchObject({ status: 201, body: { expiresAt } })
  })
})

describe("credentials", () => {
  test("an invalid credential is ignored if none is needed", async () => {
    const body = { email: "nobody@example.com", password: "whatever it is" }
    const reply = await rest(url, "POST", "/auth/login", { body, apiKey: "expired" })
    expect(reply.body).toMatchObject({ reason: "LOGIN_FAILED" })
  })

  test("an invalid credential fails every call of a batch that needs one", async () => {
    const batch = "auth.me,apiKeys.list"
    const { status, body } = await trpc(`${batch}?batch=1`, { headers: { "x-api-key": "0".repeat(64) } })
    expect(status).toBe(401)
    expect(body.map((part: { data: { reason: string } }) => part.data.reason)).toEqual([
      "UNAUTHENTICATED",
      "UNAUTHENTICATED",
    ])
  })
})

describe("other origins", () => {
  const preflight = (origin: string) =>
    fetch(`${url}/trpc/auth.me`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-api-key",
      },
    })

  test("configured origins may send credentials in headers and read the exposed headers", async () => {
    const allowed = await preflight("https://app.example")
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example")
    expect(allowed.headers.get("access-control-allow-headers")).toMatch(/X-API-Key/i)
    const reply = await rest(url, "GET", "/auth/me", { apiKey, headers: { origin: "https://app.example" } })
    expect(reply.headers.get("access-control-allow-origin")).toBe("https://app.example")
    expect(reply.headers.get("access-control-expose-headers")).toMatch(/X-Request-Id/i)
  })

  test.each(["https://evil.example", "null", "https://app.example.evil.example"])(
    "%s is not allowed",
    async (origin) => {
      expect((await preflight(origin)).headers.get("access-control-allow-origin")).toBeNull()
    },
  )
})

test("the OpenAPI document describes every route of the contract", async () => {
  const { body } = await rest(url, "GET", "/openapi.json")
  const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { responses: object }>).map(
      ([method, { responses }]) => `${method.toUpperCase()} ${path} ${Object.keys(responses)[0]}`,
    ),
  )
  expect(body.openapi).toBe("3.1.0")
  expect(operations.sort()).toEqual([
    "DELETE /auth/admin/apikeys/{key_id} 204",
    "DELETE /auth/admin/users/{user_id} 204",
    "DELETE /auth/admin/users/{user_id}/second-factor 204",
    "DELETE /auth/apikeys/{key_id} 204",
    "DELETE /auth/sessions 204",
    "DELETE /auth/sessions/{session_id} 204",
    "GET /auth/account 200",
    "GET /auth/admin/apikeys 200",
    "GET /auth/admin/users 200",
    "GET /auth/apikeys 200",
    "GET /auth/apikeys/usage 200",
    "GET /auth/apikeys/{key_id} 200",
    "GET /auth/apikeys/{key_id}/usage 200",
    "GET /auth/audit 200",
    "GET /auth/me 200",
    "GET /auth/sessions 200",
    "GET /auth/verify 204",
    "PATCH /auth/apikeys/{key_id} 200",
    "POST /auth/admin/apikeys/revoke-where 200",
    "POST /auth/admin/users/disable 204",
    "POST /auth/admin/users/enable 204",
    "POST /auth/admin/users/erase 204",
    "POST /auth/admin/users/{user_id}/disable 204",
    "POST /auth/admin/users/{user_id}/enable 204",
    "POST /auth/admin/users/{user_id}/reset-link 201",
    "POST /auth/apikeys 201",
    "POST /auth/apikeys/leaked 202",
    "POST /auth/apikeys/{key_id}/rotate 201",
    "POST /auth/email/verification-request 202",
    "POST /auth/email/verify 204",
    "POST /auth/login 200",
    "POST /auth/logout 204",
    "POST /auth/owner-tokens 201",
    "POST /auth/password 204",
    "POST /auth/password/reset 204",
    "POST /auth/password/reset-request 202",
    "POST /auth/refresh 200",
    "POST /auth/register 201",
    "POST /auth/second-factor 201",
    "POST /auth/second-factor/confirm 200",
    "POST /auth/second-factor/recovery-codes 200",
    "POST /auth/second-factor/remove 204",
    "POST /oauth/introspect 200",
  ])
})

test("the OpenAPI document describes errors, with the headers that say when to retry", async () => {
  const { paths } = (await rest(url, "GET", "/openapi.json")).body
  const { responses } = paths["/auth/login"].post
  expect(Object.keys(responses)).toEqual(["200", "400", "401", "403", "413", "415", "429", "503"])
  expect(Object.keys(responses[429].headers)).toEqual(["Retry-After", "RateLimit", "RateLimit-Policy"])
  expect(Object.keys(responses[503].headers)).toEqual(["Retry-After"])
  expect(Object.keys(paths["/auth/apikeys/{key_id}"].delete.responses)).toContain("404")
  expect(Object.keys(paths["/auth/me"].get.responses)).toEqual(["200", "400", "401", "429", "503"])
  // The cookie can replace the body.
  expect(paths["/auth/refresh"].post.requestBody.required).toBe(false)
  expect(paths["/auth/login"].post.requestBody.required).toBe(true)
})

test("the log has one line per request, with its caller and route and without credentials", async () => {
  const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  await rest(url, "GET", `/auth/me?key=${body.key}`, { apiKey: body.key })
  await rest(url, "GET", `/${body.key}`, { apiKey: body.key })
  await trpc(`auth.me,${body.key}?batch=1`, { headers: { "x-api-key": body.key } })

  const lines = server.log.map((line) => JSON.parse(line)).slice(-4)
  expect(lines).toMatchObject([
    { method: "POST", route: "/auth/apikeys", status: 201, via: "jwt", callerId: expect.any(String) },
    { method: "GET", route: "/auth/me", status: 400 },
    { method: "GET", route: "unknown", status: 404 },
    { method: "GET", route: "/trpc/auth.me,unknown", status: 207, via: "apiKey", apiKeyId: body.id },
  ])
  for (const line of lines)
    expect(line).toMatchObject({ requestId: expect.any(String), durationMs: expect.any(Number) })
  const everything = server.log.join("")
  for (const secret of [body.key, body.key.slice(16), apiKey, accessToken])
    expect(everything).not.toContain(secret)
})
