import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

const ADMIN = "admin@example.com"
const HOUR = 3_600

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let admin: { accessToken: string }
let owner: Awaited<ReturnType<typeof register>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    ADMIN_EMAILS: ADMIN,
    SCOPES: "reports:read,reports:write",
  })
  const { body } = await rest(server.url, "POST", "/auth/register", {
    body: { email: ADMIN, password: randomUUID() },
  })
  admin = body
  owner = await register(server.url)
})
afterAll(() => server[Symbol.asyncDispose]())

/** Creates a key that may make `limit` calls in an hour. */
async function newKey(limit: number, fields: object = {}, by: { accessToken: string } = owner) {
  const { status, body } = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken: by.accessToken,
    body: { label: "x", rateLimit: { limit, window: HOUR }, ...fields },
  })
  expect(status).toBe(201)
  return { id: body.id as string, apiKey: body.key as string }
}

const me = (apiKey: string) => rest(server.url, "GET", "/auth/me", { apiKey })

const introspect = (token: string, apiKey: string) =>
  rest(server.url, "POST", "/oauth/introspect", {
    apiKey,
    body: new URLSearchParams({ token }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  })

/** Makes a batch of `auth.me`. Returns the status of each call. */
async function batchOfMe(apiKey: string, calls: number) {
  const paths = Array.from({ length: calls }, () => "auth.me").join()
  const { body } = await rest(server.url, "GET", `/trpc/${paths}?batch=1`, { apiKey })
  return body.map((one: { error?: { json: { data: { httpStatus: number } } } }) =>
    one.error ? one.error.json.data.httpStatus : 200,
  )
}

test("every response tells how much of the limit is left, and calls beyond it get 429 and have no effect", async () => {
  const { apiKey } = await newKey(2)

  const first = await me(apiKey)
  expect(first.status).toBe(200)
  expect(first.headers.get("ratelimit-policy")).toBe('"key";q=2;w=3600')
  expect(first.headers.get("ratelimit")).toMatch(/^"key";r=1;t=3(600|59\d)$/)
  expect(first.headers.get("retry-after")).toBeNull()
  expect((await me(apiKey)).headers.get("ratelimit")).toMatch(/^"key";r=0;t=/)

  const refused = await me(apiKey)
  expect(refused).toMatchObject({
    status: 429,
    body: { code: "TOO_MANY_REQUESTS", reason: "RATE_LIMITED", begun: false },
  })
  const seconds = Number(refused.headers.get("retry-after"))
  expect(seconds).toBeGreaterThan(HOUR - 60)
  expect(seconds).toBeLessThanOrEqual(HOUR)
  expect(refused.body.retryAfter).toBe(seconds)
  expect(refused.headers.get("ratelimit")).toBe(`"key";r=0;t=${seconds}`)
  expect(refused.body).not.toHaveProperty("limit")
})

test("a batch counts its calls", async () => {
  const { apiKey } = await newKey(5)
  expect(await batchOfMe(apiKey, 3)).toEqual([200, 200, 200])
  expect((await batchOfMe(apiKey, 4)).sort()).toEqual([200, 200, 429, 429])
})

test("a call that is refused for its scope, or because keys may not make it, counts once", async () => {
  const { apiKey } = await newKey(4, { scopes: [] })
  const statusOf = async (method: string, path: string) =>
    (await rest(server.url, method, path, { apiKey, ...(method === "POST" && { body: { label: "x" } }) }))
      .status
  expect(await statusOf("GET", "/auth/apikeys")).toBe(403)
  expect(await statusOf("POST", "/auth/apikeys")).toBe(403)
  expect(await statusOf("POST", "/trpc/auth.logout")).not.toBe(429)
  expect((await me(apiKey)).headers.get("ratelimit")).toMatch(/^"key";r=0;/)
  expect(await statusOf("GET", "/auth/apikeys")).toBe(429)
})

test("a key that has used up its limit can still revoke itself, over REST and tRPC", async () => {
  for (const over of ["REST", "tRPC"]) {
    const { id, apiKey } = await newKey(1)
    expect((await me(apiKey)).status).toBe(200)
    expect((await me(apiKey)).status).toBe(429)
    const other = await rest(server.url, "DELETE", `/auth/apikeys/${randomUUID()}`, { apiKey })
    expect(other.status).toBe(429)

    const revoked =
      over === "REST"
        ? await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { apiKey })
        : await rest(server.url, "POST", "/trpc/apiKeys.revoke", { apiKey, body: { json: { id } } })
    expect(revoked.status).toBe(over === "REST" ? 204 : 200)
    expect((await me(apiKey)).status).toBe(401)
  }
})

test("introspection counts as a call by the key in question, and tells whose limit is exceeded", async () => {
  const { apiKey } = await newKey(2)
  const gateway = await newKey(4, { scopes: ["latchkey:introspect"] }, admin)
  expect((await introspect(apiKey, gateway.apiKey)).body).toMatchObject({ active: true })
  expect((await me(apiKey)).status).toBe(200)

  const ofKey = await introspect(apiKey, gateway.apiKey)
  expect(ofKey).toMatchObject({ status: 429, body: { reason: "RATE_LIMITED", limit: "key" } })
  expect(Number(ofKey.headers.get("retry-after"))).toBe(ofKey.body.retryAfter)
  const overTrpc = await rest(server.url, "POST", "/trpc/auth.introspect", {
    apiKey: gateway.apiKey,
    body: { json: { token: apiKey } },
  })
  expect(overTrpc).toMatchObject({ status: 429, body: { error: { json: { data: { limit: "key" } } } } })

  expect((await introspect("x", gateway.apiKey)).body).toEqual({ active: false })
  expect(await introspect("x", gateway.apiKey)).toMatchObject({
    status: 429,
    body: { reason: "RATE_LIMITED", limit: "caller" },
  })
})

test("an introspection that is refused does not count as a call by the key in question", async () => {
  const [asked, asking] = [await newKey(1), await newKey(10)]
  expect((await introspect(asked.apiKey, asking.apiKey)).status).toBe(401)
  expect((await me(asked.apiKey)).status).toBe(200)
})

test("forward authentication counts each request, and has a header for proxies that don't understand 429", async () => {
  const { apiKey } = await newKey(2)
  const verify = (query = "") => rest(server.url, "GET", `/auth/verify${query}`, { apiKey })
  const accepted = await verify()
  expect(accepted.status).toBe(204)
  expect(accepted.headers.get("ratelimit")).toMatch(/^"key";r=1;/)
  expect((await verify("?scope=reports:read")).status).toBe(204)

  const refused = await verify()
  expect(refused.status).toBe(429)
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/)
  const denied = await verify("?deny=403")
  expect(denied.status).toBe(403)
  expect(denied.headers.get("x-latchkey-status")).toBe("429")
  expect(denied.headers.get("retry-after")).toMatch(/^\d+$/)
})

test("a changed limit applies from the next call on", async () => {
  const { id, apiKey } = await newKey(1)
  expect((await me(apiKey)).status).toBe(200)
  expect((await me(apiKey)).status).toBe(429)
  const change = (rateLimit: object | null) =>
    rest(server.url, "PATCH", `/auth/apikeys/${id}`, { ...owner, body: { rateLimit } })
  expect((await change({ limit: 2, window: HOUR })).status).toBe(200)
  expect((await me(apiKey)).status).toBe(200)
  expect((await me(apiKey)).status).toBe(429)
  expect((await change(null)).status).toBe(200)
  const unlimited = await me(apiKey)
  expect(unlimited.status).toBe(200)
  expect(unlimited.headers.get("ratelimit")).toBeNull()
})

describe("KEY_RATE_LIMIT", () => {
  let limited: Awaited<ReturnType<typeof startTestServer>>
  beforeAll(async () => {
    limited = await startTestServer({ ...server.shared, ADMIN_EMAILS: ADMIN, KEY_RATE_LIMIT: "3/3600" })
  })
  afterAll(() => limited[Symbol.asyncDispose]())

  const create = (body: object, by: { accessToken: string } = owner) =>
    rest(limited.url, "POST", "/auth/apikeys", { accessToken: by.accessToken, body: { label: "x", ...body } })

  test("is the limit of keys without one of their own, and is shown", async () => {
    const { status, body } = await create({})
    expect([status, body.rateLimit]).toEqual([201, { limit: 3, window: HOUR }])
    const { body: shown } = await rest(limited.url, "GET", `/auth/apikeys/${body.id}`, owner)
    expect(shown.rateLimit).toEqual({ limit: 3, window: HOUR })
    const call = () => rest(limited.url, "GET", "/auth/me", { apiKey: body.key })
    for (let n = 0; n < 3; n++) expect((await call()).status).toBe(200)
    expect((await call()).status).toBe(429)
  })

  test("can't be exceeded by an owner", async () => {
    const { body } = await create({ rateLimit: { limit: 2, window: HOUR } })
    const refusals = [
      await create({ rateLimit: { limit: 4, window: HOUR } }),
      await create({ rateLimit: { limit: 1, window: 60 } }),
      await rest(limited.url, "PATCH", `/auth/apikeys/${body.id}`, {
        ...owner,
        body: { rateLimit: { limit: 1_000_000_000, window: 86_400 } },
      }),
    ]
    for (const refused of refusals) {
      expect(refused).toMatchObject({
        status: 400,
        body: { reason: "INVALID_INPUT", issues: [{ path: ["rateLimit"] }] },
      })
    }
  })

  test("does not apply to keys of the product's backends, nor to limits that these set", async () => {
    const gateway = await create({ scopes: ["latchkey:introspect"] }, admin)
    expect(gateway.body.rateLimit).toBeNull()
    const manager = await create({ scopes: ["latchkey:manage"] }, admin)
    const managed = await rest(limited.url, "POST", "/auth/apikeys", {
      apiKey: manager.body.key,
      headers: { "latchkey-on-behalf-of": "host org_42" },
      body: { label: "x", rateLimit: { limit: 1_000, window: 1 } },
    })
    expect([managed.status, managed.body.rateLimit]).toEqual([201, { limit: 1_000, window: 1 }])
  })
})

describe("usage", () => {
  test.each(["0", "91", "1.5", "x"])("of %s days is invalid", async (days) => {
    for (const path of [`/auth/apikeys/${randomUUID()}/usage`, "/auth/apikeys/usage"]) {
      const { status, body } = await rest(server.url, "GET", `${path}?days=${days}`, owner)
      expect([status, body.issues?.[0].path]).toEqual([400, ["days"]])
    }
  })

  test("can't be read by API keys", async () => {
    const { id, apiKey } = await newKey(10)
    for (const path of [`/auth/apikeys/${id}/usage`, "/auth/apikeys/usage"]) {
      expect((await rest(server.url, "GET", path, { apiKey })).status).toBe(403)
    }
  })
})
