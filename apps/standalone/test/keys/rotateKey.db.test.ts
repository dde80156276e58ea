import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { promisify } from "node:util"
import { codeBlock, connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import {
  newSecret,
  type RestCall,
  registerWithKey,
  rest,
  startServerOnPostgres,
  startTestServer,
} from "../testServer.ts"

const bootstrap = newSecret()
const variables = { BOOTSTRAP_KEY: bootstrap, SCOPES: "reports:read" }

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let second: Awaited<ReturnType<typeof startTestServer>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), variables)
  second = await startTestServer({ ...server.shared, ...variables })
})
afterAll(async () => {
  await second[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const rotate = (id: string, call: RestCall) =>
  rest(server.url, "POST", `/auth/apikeys/${id}/rotate`, { body: {}, ...call })

const statuses = async (apiKey: string) => {
  const replies = [server, second].map(({ url }) => rest(url, "GET", "/auth/me", { apiKey }))
  return (await Promise.all(replies)).map(({ status }) => status)
}

/** The product's server for an owner of its own, and that owner's browser with a token that the product has made. */
async function newOwner() {
  const subject = `org_${randomUUID()}`
  const headers = { "latchkey-on-behalf-of": `host ${subject}`, "latchkey-actor": "user_7" }
  const product: RestCall = { apiKey: bootstrap, headers }
  const tokenFor = async (body: object = {}): Promise<RestCall> => {
    const created = await rest(server.url, "POST", "/auth/owner-tokens", { ...product, body })
    return { accessToken: created.body.accessToken }
  }
  const create = async (body: object) =>
    (await rest(server.url, "POST", "/auth/apikeys", { ...product, body })).body
  return { subject, product, tokenFor, create }
}

test("the command of docs/keys.md replaces a key, and every instance accepts both for an hour", async () => {
  const { id, accessToken, apiKey } = await registerWithKey(server.url)
  const command = codeBlock("docs/keys.md", "sh", "Rotate").replace(
    "localhost:3000",
    new URL(server.url).host,
  )
  const { stdout } = await promisify(execFile)("sh", ["-ec", command], {
    env: { ...process.env, TOKEN: accessToken, ID: id },
  })
  const created = JSON.parse(stdout)
  expect(created).toMatchObject({ label: "x", replaces: id, replacedBy: null })
  for (const key of [apiKey, created.key]) expect(await statuses(key)).toEqual([200, 200])

  const old = await rest(server.url, "GET", `/auth/apikeys/${id}`, { accessToken })
  expect(old.body).toMatchObject({ replacedBy: created.id, revokedAt: null })
  const left = (Date.parse(old.body.expiresAt) - Date.now()) / 1_000
  expect(left).toBeGreaterThan(3_500)
  expect(left).toBeLessThanOrEqual(3_601)
  expect(await rotate(id, { accessToken })).toMatchObject({
    status: 409,
    body: { reason: "ALREADY_REPLACED" },
  })
})

test("without a body, the grace period is a day; with a grace of 0, no instance accepts the old key", async () => {
  const { id, accessToken } = await registerWithKey(server.url)
  const daily = await rest(server.url, "POST", `/auth/apikeys/${id}/rotate`, { accessToken })
  expect(daily.status).toBe(201)
  expect(await statuses(daily.body.key)).toEqual([200, 200])
  const now = await rotate(daily.body.id, { accessToken, body: { grace: 0 } })
  expect(now.status).toBe(201)
  expect(await statuses(daily.body.key)).toEqual([401, 401])
  expect(await statuses(now.body.key)).toEqual([200, 200])
})

test.each([
  [{ grace: -1 }, "grace"],
  [{ grace: 2_592_001 }, "grace"],
  [{ grace: 1.5 }, "grace"],
  [{ grace: "0" }, "grace"],
  [{ expiresAt: "soon" }, "expiresAt"],
  [{ expiresAt: "2020-01-01" }, "expiresAt"],
])("%j is refused with the name of the field", async (body, field) => {
  const { id, accessToken } = await registerWithKey(server.url)
  const refused = await rotate(id, { accessToken, body })
  expect(refused).toMatchObject({ status: 400, body: { reason: "INVALID_INPUT" } })
  expect(JSON.stringify(refused.body)).toContain(field)
})

test("over tRPC the result is the same, with dates", async () => {
  const { id, accessToken } = await registerWithKey(server.url)
  const { status, body } = await rest(server.url, "POST", "/trpc/apiKeys.rotate", {
    accessToken,
    body: { json: { id, expiresAt: "2999-01-01" } },
  })
  expect(status).toBe(200)
  const { json, meta } = body.result.data
  expect(json).toMatchObject({ replaces: id, expiresAt: "2999-01-01T23:59:59.999Z" })
  expect(meta.values).toMatchObject({ createdAt: ["Date"], expiresAt: ["Date"] })
  expect(await statuses(json.key)).toEqual([200, 200])
})

test("a key with latchkey:manage can replace owners' keys, and the trail names the key and the person", async () => {
  const { product, subject, create } = await newOwner()
  const metadata = { plan: "free" }
  const old = await create({ label: "partner", scopes: ["reports:read"], metadata })
  const { status, body } = await rotate(old.id, product)
  expect(status).toBe(201)
  expect(body).toMatchObject({ scopes: ["reports:read"], metadata, locked: true, createdBy: "user_7" })
  const me = await rest(second.url, "GET", "/auth/me", { apiKey: body.key })
  expect(me.body).toMatchObject({ issuer: "host", subject, apiKeyId: body.id })

  const stranger = await newOwner()
  expect((await rotate(body.id, stranger.product)).status).toBe(404)
  expect((await rotate(body.id, { apiKey: bootstrap })).status).toBe(403)
  const sql = connect(server.shared.DATABASE_URL)
  const trail = await sql`
    select via, actor, subject_label, changes->'replacedBy' as replaced_by from audit_events
    where subject_id = ${old.id} and kind = 'apiKeyRotated'`
  await sql.end()
  expect(trail).toEqual([
    {
      ...{ via: "apiKey", actor: "user_7", subject_label: "partner" },
      replaced_by: { from: null, to: body.id },
    },
  ])
})

test("neither a managing key nor an owner token can replace a key that has one of Latchkey's scopes", async () => {
  const { product, tokenFor, create } = await newOwner()
  const old = await create({ label: "x", scopes: ["reports:read"] })
  // As its owner could have made it, with a token of the issuer.
  const sql = connect(server.shared.DATABASE_URL)
  await sql`update api_keys set scopes = array['latchkey:apikeys:read'] where id = ${old.id}`
  await sql.end()
  for (const call of [product, await tokenFor()]) {
    expect(await rotate(old.id, call)).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  }
})

test("an owner token can replace its owner's keys, unless it is read-only", async () => {
  const { tokenFor, create } = await newOwner()
  const old = await create({ label: "x" })
  const readOnly = await rotate(old.id, await tokenFor({ manage: "read" }))
  expect(readOnly).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  const replaced = await rotate(old.id, await tokenFor())
  expect(replaced).toMatchObject({ status: 201, body: { replaces: old.id } })
})

test("an API key can't replace itself", async () => {
  const { id, apiKey } = await registerWithKey(server.url)
  expect(await rotate(id, { apiKey })).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
})
