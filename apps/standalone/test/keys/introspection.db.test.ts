import { randomUUID } from "node:crypto"
import { connect, createTcpProxy } from "@latchkey/test-postgres"
import * as oauth from "oauth4webapi"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import {
  type RestCall,
  registerWithKey,
  rest,
  startServerOnPostgres,
  startTestServer,
} from "../testServer.ts"

const ADMIN = "admin@example.com"
const FORM = "application/x-www-form-urlencoded"

const basic = (id: string, key: string) => `Basic ${Buffer.from(`${id}:${key}`).toString("base64")}`

/** Registers the administrator, who gives a key the right to introspect. */
async function registerIntrospector(url: string) {
  const { body: admin } = await rest(url, "POST", "/auth/register", {
    body: { email: ADMIN, password: randomUUID() },
  })
  const { accessToken } = admin
  const { body } = await rest(url, "POST", "/auth/apikeys", {
    accessToken,
    body: { label: "gateway", scopes: ["latchkey:introspect"] },
  })
  return { accessToken: accessToken as string, id: body.id as string, apiKey: body.key as string }
}

const introspect = (url: string, form: string | Record<string, string>, call: RestCall = {}) =>
  rest(url, "POST", "/oauth/introspect", {
    ...call,
    body: new URLSearchParams(form).toString(),
    headers: { "content-type": FORM, ...call.headers },
  })

const overTrpc = (url: string, input: object, call: RestCall) =>
  rest(url, "POST", "/trpc/auth.introspect", { ...call, body: { json: input } })

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let gateway: Awaited<ReturnType<typeof registerIntrospector>>
const byKey = () => ({ apiKey: gateway.apiKey })
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    ADMIN_EMAILS: ADMIN,
    SCOPES: "reports:read,reports:write",
    METRICS_PORT: "0",
  })
  gateway = await registerIntrospector(server.url)
})
afterAll(() => server[Symbol.asyncDispose]())

test("a valid key and a valid access token are described, and the answer is not stored", async () => {
  const { url } = server
  const user = await registerWithKey(url)
  const sub = user.user.id
  const about = { active: true, iss: "latchkey", sub, scope: "reports:read reports:write" }
  const iat = expect.any(Number)

  const key = await introspect(url, { token: user.apiKey }, byKey())
  expect(key).toMatchObject({ status: 200 })
  expect(key.body).toEqual({ ...about, client_id: user.id, token_type: "api_key", iat })
  expect(Math.abs(key.body.iat - Date.now() / 1000)).toBeLessThan(60)
  expect(key.headers.get("cache-control")).toBe("no-store")
  expect(key.headers.get("vary")).toContain("Authorization")

  const token = await introspect(url, { token: user.accessToken }, byKey())
  expect(token.body).toEqual({ ...about, token_type: "access_token", iat, exp: token.body.iat + 900 })

  const trpc = await overTrpc(url, { token: user.apiKey }, byKey())
  expect(trpc.body.result.data.json).toEqual(key.body)
})

test("a key's scopes and expiry are described", async () => {
  const { url } = server
  const { accessToken } = await registerWithKey(url)
  const expiresAt = new Date(Date.now() + 3_600_000)
  const { body } = await rest(url, "POST", "/auth/apikeys", {
    accessToken,
    body: { label: "x", scopes: ["reports:read", "latchkey:apikeys:read"], expiresAt },
  })
  const described = await introspect(url, { token: body.key }, byKey())
  expect(described.body).toMatchObject({
    scope: "reports:read latchkey:apikeys:read",
    exp: Math.floor(expiresAt.getTime() / 1000),
  })
})

test("everything that is not a valid credential here is inactive, without a reason", async () => {
  const { url } = server
  const user = await registerWithKey(url)
  const changed = `${user.apiKey.slice(0, 63)}${user.apiKey.endsWith("0") ? 1 : 0}`
  const tokens = ["x", "0".repeat(64), changed, "a.b.c", user.refreshToken, "é\u0000\n", "%", "Bearer x"]
  for (const token of [...tokens, `${user.accessToken}x`, ` ${user.apiKey}`, "x".repeat(60_000)]) {
    const { status, body } = await introspect(url, { token }, byKey())
    expect([status, body]).toEqual([200, { active: false }])
  }
  await rest(url, "POST", "/auth/logout", { accessToken: user.accessToken })
  expect((await introspect(url, { token: user.accessToken }, byKey())).body).toEqual({ active: false })
})

test("a key can ask in each of the documented ways", async () => {
  const { url } = server
  const { id, apiKey } = gateway
  const form = { token: apiKey, token_type_hint: "refresh_token", address: "203.0.113.7", unknown: "ignored" }
  for (const headers of [
    { "x-api-key": apiKey },
    { authorization: `Bearer ${apiKey}` },
    { authorization: basic(id, apiKey) },
    { authorization: basic(id.replaceAll("-", "%2D"), apiKey) },
  ]) {
    const { status, body } = await introspect(url, form, { headers })
    expect([status, body.client_id]).toEqual([200, id])
  }
})

test("callers who may not ask get 401 over REST, and 403 over tRPC for a missing scope, and learn nothing", async () => {
  const { url } = server
  const user = await registerWithKey(url)
  const other = await rest(url, "POST", "/auth/apikeys", {
    accessToken: gateway.accessToken,
    body: { label: "not for introspection" },
  })
  const table: Record<string, unknown[]> = {}
  for (const [name, headers] of Object.entries({
    nobody: {},
    "an unknown key": { "x-api-key": "0".repeat(64) },
    "a user's key": { "x-api-key": user.apiKey },
    "an administrator's other key": { "x-api-key": other.body.key },
    "an administrator's access token": { authorization: `Bearer ${gateway.accessToken}` },
    "the key under another id": { authorization: basic(randomUUID(), gateway.apiKey) },
    "another key under the id": { authorization: basic(gateway.id, user.apiKey) },
    "no key under the id": { authorization: basic(gateway.id, "") },
    "two keys under the id": { authorization: basic(gateway.id, `${gateway.apiKey},${gateway.apiKey}`) },
    "two credentials": { authorization: basic(gateway.id, gateway.apiKey), "x-api-key": gateway.apiKey },
  })) {
    const answers = [
      await introspect(url, { token: user.apiKey }, { headers }),
      await overTrpc(url, { token: user.apiKey }, { headers }),
    ]
    table[name] = answers.map(({ status }) => status)
    for (const { headers, body } of answers) {
      expect(JSON.stringify(body)).not.toContain(user.user.id)
      if (answers[0]?.status === 401) expect(headers.get("www-authenticate")).toBeTruthy()
    }
  }
  expect(table).toEqual({
    nobody: [401, 401],
    "an unknown key": [401, 401],
    "a user's key": [401, 403],
    "an administrator's other key": [401, 403],
    "an administrator's access token": [401, 403],
    "the key under another id": [401, 401],
    "another key under the id": [401, 401],
    "no key under the id": [401, 401],
    "two keys under the id": [401, 401],
    "two credentials": [400, 400],
  })
})

test("guesses by callers who may not ask cost no bcrypt, so they don't keep others from a verdict", async () => {
  await using own = await startTestServer({
    ...server.shared,
    ADMIN_EMAILS: ADMIN,
    SCOPES: "reports:read,reports:write",
    RATE_LIMIT_FACTOR: "1",
  })
  const user = await registerWithKey(server.url)
  const guess = `${user.apiKey.slice(0, 16)}${"0".repeat(48)}`
  const sql = connect(server.shared.DATABASE_URL)
  await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  for (let attempt = 0; attempt < 12; attempt++) {
    expect((await introspect(own.url, { token: guess })).status).toBe(401)
    expect((await introspect(own.url, { token: guess }, { apiKey: user.apiKey })).status).toBe(401)
    await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  }
  await sql.end()
  expect((await introspect(own.url, { token: user.apiKey }, byKey())).body.active).toBe(true)
})

test("challenges name the scope, or the scheme that was tried", async () => {
  const { url } = server
  const user = await registerWithKey(url)
  const challengeOf = async (headers: Record<string, string>) =>
    (await introspect(url, { token: "x" }, { headers })).headers.get("www-authenticate")
  expect(await challengeOf({ "x-api-key": user.apiKey })).toBe(
    'Bearer realm="latchkey", error="insufficient_scope", scope="latchkey:introspect"',
  )
  expect(await challengeOf({ authorization: basic(user.id, user.apiKey) })).toBe('Basic realm="latchkey"')
})

test.each<[string, string, number]>([
  ["no token", "", 400],
  ["an empty token", "token=", 400],
  ["the token twice", "token=a&token=b", 400],
  ["an address that is none", "token=a&address=somewhere", 400],
  ["an address twice", "token=a&address=::1&address=::1", 400],
  ["more than 100 fields", `token=a${"&x".repeat(100)}`, 400],
  ["a body beyond the limit", `token=${"x".repeat(70_000)}`, 413],
])("%s is refused", async (_, form, status) => {
  const reply = await rest(server.url, "POST", "/oauth/introspect", {
    ...byKey(),
    body: form,
    headers: { "content-type": FORM },
  })
  expect(reply.status).toBe(status)
})

test("only forms in the body of a POST are read", async () => {
  const { url } = server
  expect((await rest(url, "GET", "/oauth/introspect", byKey())).status).toBe(405)
  const json = await rest(url, "POST", "/oauth/introspect", { ...byKey(), body: { token: "x" } })
  expect(json.status).toBe(415)
  const headers = { "content-type": `${FORM}; charset=utf-8` }
  const inUrl = await rest(url, "POST", "/oauth/introspect?token=x", { ...byKey(), headers, body: "token=x" })
  expect(inUrl.status).toBe(400)
})

test("the keys of the caller and of the token are read in one batch", async () => {
  const { url, metricsUrl } = server
  const user = await registerWithKey(url)
  const batches = async () => {
    const text = await (await fetch(metricsUrl ?? "")).text()
    const read = (name: string) =>
      Number(new RegExp(`^${name}\\{of="apiKeys"\\} (\\d+)`, "m").exec(text)?.[1] ?? 0)
    return { calls: read("latchkey_batch_size_sum"), reads: read("latchkey_batch_size_count") }
  }
  const before = await batches()
  for (let i = 0; i < 5; i++) await introspect(url, { token: user.apiKey }, byKey())
  const after = await batches()
  expect([after.calls - before.calls, after.reads - before.reads]).toEqual([10, 5])
})

describe("oauth4webapi", () => {
  test.each(["basic", "bearer"])("introspects with the key as %s", async (way) => {
    const { url } = server
    const user = await registerWithKey(url)
    const as: oauth.AuthorizationServer = { issuer: url, introspection_endpoint: `${url}/oauth/introspect` }
    const client: oauth.Client = { client_id: gateway.id }
    const bearer: oauth.ClientAuth = (_, __, ___, headers) =>
      headers.set("authorization", `Bearer ${gateway.apiKey}`)
    const auth = way === "basic" ? oauth.ClientSecretBasic(gateway.apiKey) : bearer
    const ask = async (token: string) =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, auth, token, { [oauth.allowInsecureRequests]: true }),
      )

    expect(await ask(user.apiKey)).toMatchObject({ active: true, sub: user.user.id, client_id: user.id })
    expect(await ask("0".repeat(64))).toEqual({ active: false })
  })
})

test("after an owner is disabled on one instance, the next answer of another says that their key is inactive", async () => {
  await using other = await startTestServer({
    ...server.shared,
    ADMIN_EMAILS: ADMIN,
    SCOPES: "reports:read,reports:write",
  })
  const { accessToken, user } = await registerWithKey(server.url)
  const { body } = await rest(server.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  expect((await introspect(other.url, { token: body.key }, byKey())).body.active).toBe(true)
  await rest(server.url, "POST", `/auth/admin/users/${user.id}/disable`, { accessToken: gateway.accessToken })
  expect((await introspect(other.url, { token: body.key }, byKey())).body).toEqual({ active: false })
})

test("a key may no longer introspect once its owner is no longer an administrator", async () => {
  await using other = await startTestServer({ ...server.shared, ADMIN_EMAILS: "somebody.else@example.com" })
  expect((await introspect(other.url, { token: "x" }, byKey())).status).toBe(401)
})

test("without a verdict the answer is 503", async () => {
  await using own = await startServerOnPostgres(inject("postgresUrl"), { ADMIN_EMAILS: ADMIN })
  const { apiKey } = await registerIntrospector(own.url)
  await using proxy = await createTcpProxy(new URL(own.shared.DATABASE_URL))
  await using cut = await startTestServer({
    ...own.shared,
    DATABASE_URL: proxy.url,
    ADMIN_EMAILS: ADMIN,
  })
  await proxy.disconnect()
  for (const token of [apiKey, "0".repeat(64)]) {
    const reply = await introspect(cut.url, { token }, { apiKey })
    expect(reply).toMatchObject({ status: 503, body: { reason: "UNAVAILABLE" } })
    expect(reply.headers.get("retry-after")).toBe("1")
  }
})
