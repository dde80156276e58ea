import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { holdLock } from "../races/holdLock.ts"
import { register, registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: ReturnType<typeof connect>
let admin: string
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { SCOPES: "reports:read" })
  sql = connect(server.shared.DATABASE_URL)
  admin = await newAdmin()
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
})

async function newAdmin() {
  const { user, accessToken } = await register(server.url)
  await sql`update owners set role = 'admin' where id = ${user.id}`
  return accessToken
}

const revokeWhere = (body: object, accessToken = admin) =>
  rest(server.url, "POST", "/auth/admin/apikeys/revoke-where", { accessToken, body })

const statusOf = async (apiKey: string) => (await rest(server.url, "GET", "/auth/me", { apiKey })).status

test("a preview counts and shows keys, and its confirmation revokes them, but none created later", async () => {
  const user = await registerWithKey(server.url)
  const other = await registerWithKey(server.url)
  const where = { subject: user.user.id }
  const { status, body } = await revokeWhere({ where, preview: true })
  expect([status, body.count, body.sample.map(({ id }: { id: string }) => id)]).toEqual([200, 1, [user.id]])
  expect(await statusOf(user.apiKey)).toBe(200)
  const { accessToken } = user
  const later = await rest(server.url, "POST", "/auth/apikeys", { accessToken, body: { label: "later" } })

  const { confirm } = body
  expect(await revokeWhere({ where, confirm })).toMatchObject({ status: 200, body: { revoked: 1 } })
  expect(await Promise.all([user, other].map(({ apiKey }) => statusOf(apiKey)))).toEqual([401, 200])
  expect(await statusOf(later.body.key)).toBe(200)
  expect(await revokeWhere({ where, confirm })).toMatchObject({ status: 200, body: { revoked: 1 } })
  const trail = await rest(server.url, "GET", "/auth/audit?kind=apiKeyRevoked", { accessToken })
  expect(trail.body.items).toMatchObject([{ byAdministrator: true, subject: { id: user.id } }])
})

test("keys that were created before a failover to a server whose clock is behind are revoked", async () => {
  const { user, apiKey, id } = await registerWithKey(server.url)
  await sql`update api_keys set created_at = created_at + interval '10 minutes' where id = ${id}`
  await sql`update audit_trail set created_at = created_at + interval '10 minutes' where owner_id = ${user.id}`
  const where = { subject: user.id }
  const { count, confirm } = (await revokeWhere({ where, preview: true })).body
  expect(count).toBe(1)

  expect(await revokeWhere({ where, confirm })).toMatchObject({ status: 200, body: { revoked: 1 } })
  expect(await statusOf(apiKey)).toBe(401)
})

test("each condition finds its keys, and labels are searched literally", async () => {
  const { user, id } = await registerWithKey(server.url)
  await sql`update api_keys set label = '50%_Off\\', created_at = '2020-06-01', last_used_at = '2021-06-01'
    where id = ${id}`
  const countOf = async (where: object) =>
    (await revokeWhere({ where: { subject: user.id, ...where }, preview: true })).body.count
  const found = [
    { createdBefore: "2020-06-02T00:00:00Z" },
    { createdAfter: "2020-06-01T00:00:00Z" },
    { unusedSince: "2021-06-02T00:00:00Z" },
    ...[{ issuer: "latchkey" }, { createdBy: user.id }, { labelContains: "%_off\\" }],
    { scope: "reports:read" },
  ]
  for (const where of found) expect([where, await countOf(where)]).toEqual([where, 1])
  const notFound = [
    { createdBefore: "2020-06-01T00:00:00Z" },
    { createdAfter: "2020-06-02T00:00:00Z" },
    { unusedSince: "2021-06-01T00:00:00Z" },
    ...[{ issuer: "host" }, { createdBy: "x" }, { labelContains: "_0%" }, { scope: "latchkey:manage" }],
  ]
  for (const where of notFound) expect([where, await countOf(where)]).toEqual([where, 0])
})

test("a confirmation is valid for the same conditions and administrator, for 10 minutes", async () => {
  const { user, apiKey } = await registerWithKey(server.url)
  const where = { subject: user.id }
  const { confirm } = (await revokeWhere({ where, preview: true })).body
  const invalid = { status: 400, body: { reason: "INVALID_INPUT" } }
  expect(await revokeWhere({ where: { ...where, issuer: "latchkey" }, confirm })).toMatchObject(invalid)
  expect(await revokeWhere({ where, confirm }, await newAdmin())).toMatchObject(invalid)
  expect(await revokeWhere({ where, confirm: "x" })).toMatchObject(invalid)
  expect(await revokeWhere({ where: {}, preview: true })).toMatchObject(invalid)
  expect(await revokeWhere({ where: { labelContains: apiKey }, preview: true })).toMatchObject(invalid)
  await sql`update mass_revocations set created_at = now() - interval '11 minutes' where id = ${confirm}`
  expect(await revokeWhere({ where, confirm })).toMatchObject(invalid)
  expect(await statusOf(apiKey)).toBe(200)
})

test("the replacement of a matching key is revoked too, even if the matching key has ended", async () => {
  const { user, accessToken, id } = await registerWithKey(server.url)
  const { body } = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken,
    body: { label: "successor" },
  })
  await sql`update api_keys set replaced_by = ${body.id}, expires_at = now(), created_by = 'intruder' where id = ${id}`
  await sql`update api_keys set replaces = ${id} where id = ${body.id}`
  const where = { subject: user.id, createdBy: "intruder" }
  const preview = (await revokeWhere({ where, preview: true })).body
  expect(preview).toMatchObject({ count: 1, sample: [{ id: body.id }] })
  expect(await revokeWhere({ where, confirm: preview.confirm })).toMatchObject({ body: { revoked: 1 } })
  expect(await statusOf(body.key)).toBe(401)
})

test.each([
  ["renamed", { labelContains: "nightly" }, { label: "another" }],
  ["renamed twice", { labelContains: "nightly" }, { label: "another" }, { label: "a third" }],
  ["changed to other scopes", { scope: "reports:read" }, { scopes: [] }],
])(
  "a key that is %s after the preview is revoked too",
  async (_, condition: object, ...changes: readonly object[]) => {
    const { user, accessToken } = await register(server.url)
    const create = async (body: object) =>
      (await rest(server.url, "POST", "/auth/apikeys", { accessToken, body })).body
    const [key, other] = [await create({ label: "nightly" }), await create({ label: "x", scopes: [] })]
    const where = { subject: user.id, ...condition }
    const { count, confirm } = (await revokeWhere({ where, preview: true })).body
    expect(count).toBe(1)
    for (const body of changes)
      await rest(server.url, "PATCH", `/auth/apikeys/${key.id}`, { accessToken, body })
    await rest(server.url, "PATCH", `/auth/apikeys/${other.id}`, { accessToken, body: { label: "y" } })
    expect(await revokeWhere({ where, confirm })).toMatchObject({ status: 200, body: { revoked: 1 } })
    expect([await statusOf(key.key), await statusOf(other.key)]).toEqual([401, 200])
  },
)

test("if a batch fails for now, the answer says that the call has begun, and the same call completes it", async () => {
  const { user, apiKey, id } = await registerWithKey(server.url)
  const where = { subject: user.id }
  const { confirm } = (await revokeWhere({ where, preview: true })).body
  const lock = await holdLock(
    server.shared.DATABASE_URL,
    (tx) => tx`select 1 from api_keys where id = ${id} for update`,
  )
  expect(await revokeWhere({ where, confirm })).toMatchObject({
    status: 503,
    body: { reason: "UNAVAILABLE", begun: true },
  })
  await lock.release()
  expect(await revokeWhere({ where, confirm })).toMatchObject({ status: 200, body: { revoked: 1 } })
  expect(await statusOf(apiKey)).toBe(401)
})
