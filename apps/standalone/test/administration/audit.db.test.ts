import { createDatabase } from "@latchkey/db"
import { auditEvents } from "@latchkey/db/schema"
import { sql } from "drizzle-orm"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let url: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { TRUST_PROXY: "1" })
  url = server.url
})
afterAll(() => server[Symbol.asyncDispose]())

const FROM_A_PHONE = {
  "user-agent":
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36",
  "x-forwarded-for": "203.0.113.9",
}

const list = async (accessToken: string, query = "") =>
  (await rest(url, "GET", `/auth/audit${query}`, { accessToken })).body

test("the audit log records who did what, from where and by which request, on every surface and instance", async () => {
  await using other = await startTestServer({ ...server.shared, TRUST_PROXY: "1" })
  const { accessToken, email, password, refreshToken } = await register(url)
  const headers = FROM_A_PHONE
  const login = await rest(url, "POST", "/auth/login", { body: { email, password }, headers })
  const body = { label: "nightly import" }
  const key = (await rest(other.url, "POST", "/auth/apikeys", { accessToken, body, headers })).body
  const revoked = await rest(other.url, "DELETE", `/auth/apikeys/${key.id}`, { apiKey: key.key, headers })
  const trpc = await fetch(`${other.url}/trpc/auth.refresh`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ json: { refreshToken } }),
  })
  const again = await rest(url, "POST", "/auth/refresh", { body: { refreshToken }, headers })
  expect([login.status, revoked.status, trpc.status, again.status]).toEqual([200, 204, 200, 401])

  const { items, nextCursor } = await list(login.body.accessToken)

  const where = { address: "203.0.113.9", device: "Chrome on Android", count: 1, byAdministrator: false }
  const requestId = (reply: { headers: Headers }) => reply.headers.get("x-request-id")
  expect(items).toMatchObject([
    { kind: "refreshTokenReused", ...where, via: "refreshToken", requestId: requestId(again) },
    {
      kind: "apiKeyRevoked",
      ...where,
      via: "apiKey",
      credentialId: key.id,
      requestId: requestId(revoked),
      subject: { id: key.id, label: "nightly import" },
    },
    { kind: "apiKeyCreated", ...where, via: "session", subject: { id: key.id, label: "nightly import" } },
    { kind: "loggedIn", ...where, via: "password", credentialId: null, requestId: requestId(login) },
    { kind: "registered", via: "password", device: "Node.js" },
  ])
  expect(nextCursor).toBeNull()
  expect(Object.keys(items[0]).sort()).toEqual(
    "actor address byAdministrator changes count createdAt credentialId device id kind lastAt requestId subject via".split(
      " ",
    ),
  )
})

test("the audit log is readable only by its owner, and only with an access token", async () => {
  const [ada, bob] = [await register(url), await register(url)]
  const { accessToken } = ada
  const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })

  expect((await list(bob.accessToken)).items).toMatchObject([{ kind: "registered" }])
  expect(await rest(url, "GET", "/auth/audit", { apiKey: body.key })).toMatchObject({
    status: 403,
    body: { reason: "FORBIDDEN" },
  })
  expect((await rest(url, "GET", "/auth/audit")).status).toBe(401)
  const byUserId = `/auth/audit?userId=${ada.user.id}`
  expect((await rest(url, "GET", byUserId, { accessToken: bob.accessToken })).status).toBe(400)
  // Another user's cursor is only a position in time. It gives no access to that user's events.
  const { nextCursor } = await list(accessToken, "?limit=1")
  const requestIds = (await list(bob.accessToken, `?cursor=${nextCursor}`)).items.map(
    ({ requestId }: { requestId: string }) => requestId,
  )
  expect(requestIds).not.toContain((await list(accessToken)).items[1].requestId)
})

test("the audit log can be paged and filtered by kind", async () => {
  const { accessToken, email, password } = await register(url)
  for (let n = 0; n < 4; n++) await rest(url, "POST", "/auth/login", { body: { email, password } })

  const first = await list(accessToken, "?limit=3")
  await rest(url, "POST", "/auth/login", { body: { email, password } })
  const second = await list(accessToken, `?limit=3&cursor=${first.nextCursor}`)

  expect(first.items).toHaveLength(3)
  expect(second.items.map(({ kind }: { kind: string }) => kind)).toEqual(["loggedIn", "registered"])
  expect(second.nextCursor).toBeNull()
  expect((await list(accessToken, "?kind=registered")).items).toEqual(second.items.slice(1))
  for (const query of [
    "?kind=hunter2",
    "?limit=0",
    "?limit=101",
    "?cursor=hunter2",
    "?kind=registered&kind=x",
  ]) {
    const reply = await rest(url, "GET", `/auth/audit${query}`, { accessToken })
    expect(reply).toMatchObject({ status: 400, body: { reason: "INVALID_INPUT" } })
    expect(JSON.stringify(reply.body)).not.toContain("hunter2")
  }
})

test("the audit log contains no secret, however it was sent", async () => {
  const ada = await register(url)
  const { accessToken, email, password, refreshToken } = ada
  const wrong = "not the password at all"
  const newPassword = "a better password than before"
  const created = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  const { key } = created.body
  const refreshed = (await rest(url, "POST", "/auth/refresh", { body: { refreshToken } })).body
  const headers = { "user-agent": `${key} ${password}`, "x-forwarded-for": key, "x-request-id": key }
  await rest(url, "POST", "/auth/login", { body: { email, password: wrong }, headers })
  await rest(url, "POST", "/auth/login", { body: { email, password: key }, headers })
  const login = await rest(url, "POST", "/auth/login", { body: { email, password }, headers })
  const change = (currentPassword: string) =>
    rest(url, "POST", "/auth/password", { accessToken, body: { currentPassword, newPassword }, headers })
  await change(wrong)
  expect((await change(password)).status).toBe(204)
  await rest(url, "DELETE", `/auth/apikeys/${created.body.id}`, { apiKey: key, headers })
  await rest(url, "POST", "/auth/refresh", { body: { refreshToken }, headers })

  const { db, close } = await createDatabase(server.shared.DATABASE_URL)
  const rows = await db
    .select({ row: sql<string>`to_jsonb(audit_trail)::text` })
    .from(auditEvents)
    .where(sql`owner_id = ${ada.user.id}`)
  await close()

  expect(rows.length).toBeGreaterThanOrEqual(8)
  const text = JSON.stringify(rows)
  const tokens = [
    accessToken,
    refreshToken,
    refreshed.accessToken,
    refreshed.refreshToken,
    login.body.refreshToken,
  ]
  for (const secret of [key, key.slice(8), password, wrong, newPassword, email, ...tokens]) {
    expect(secret.length).toBeGreaterThan(20)
    expect(text).not.toContain(secret)
  }
})
