import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, registerWithKey, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

const bootstrap = newSecret()
const gateway = newSecret()
const variables = { BOOTSTRAP_KEY: `${newSecret()},${bootstrap}`, INTROSPECTION_KEYS: gateway }

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), variables)
})
afterAll(() => server[Symbol.asyncDispose]())

const introspect = (token: string, headers: Record<string, string>) =>
  rest(server.url, "POST", "/oauth/introspect", {
    body: `token=${token}`,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  })

const byKey = (apiKey: string) => ({ "x-api-key": apiKey })

const basic = (id: string, key: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${key}`).toString("base64")}`,
})

/** Stores a key of an owner of the product, whose secret nobody needs to know here. */
async function insertHostOwner(url: string, ownerId: string, id: string) {
  const sql = connect(url)
  const [key] = await sql`select key_hash from api_keys where key_hash is not null limit 1`
  await sql`insert into owners (id, issuer, subject) values (${ownerId}, 'host', ${`org_${ownerId}`})`
  await sql`insert into api_keys (id, owner_id, lookup_id, key_hash, label, created_by)
    values (${id}, ${ownerId}, ${id.replaceAll("-", "").slice(0, 16)}, ${key?.key_hash}, 'theirs', 'user_7')`
  await sql.end()
}

test("both kinds of configured keys can introspect, and are inactive when introspected", async () => {
  const user = await registerWithKey(server.url)
  for (const headers of [
    byKey(bootstrap),
    byKey(gateway),
    basic("bootstrap", bootstrap),
    basic("introspection", gateway),
  ]) {
    const { status, body } = await introspect(user.apiKey, headers)
    expect([status, body.client_id]).toEqual([200, user.id])
    expect((await introspect(bootstrap, headers)).body).toEqual({ active: false })
  }
  expect((await introspect("x", basic("bootstrap", gateway))).status).toBe(401)
  expect((await introspect("x", byKey(newSecret()))).status).toBe(401)
})

test("auth.me identifies a configured key, which has no keys of its own to manage", async () => {
  const { url } = server
  const me = await rest(url, "GET", "/auth/me", { apiKey: bootstrap })
  expect(me.body).toMatchObject({
    issuer: "latchkey:configuration",
    subject: "bootstrap",
    role: "admin",
    via: "apiKey",
    apiKeyId: "bootstrap",
    scopes: ["latchkey:introspect", "latchkey:manage"],
  })
  for (const apiKey of [bootstrap, gateway]) {
    const calls = [
      rest(url, "GET", "/auth/apikeys", { apiKey }),
      rest(url, "POST", "/auth/apikeys", { apiKey, body: { label: "x" } }),
      rest(url, "DELETE", `/auth/apikeys/${randomUUID()}`, { apiKey }),
      rest(url, "GET", "/auth/audit", { apiKey }),
      rest(url, "GET", "/auth/sessions", { apiKey }),
    ]
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
  }
  expect((await rest(url, "GET", "/auth/admin/users", { apiKey: gateway })).status).toBe(403)
})

test("forward authentication refuses configured keys", async () => {
  for (const key of [bootstrap, gateway]) {
    expect((await rest(server.url, "GET", "/auth/verify", { headers: byKey(key) })).status).toBe(401)
  }
})

test("a bootstrap key administers owners, except Latchkey's own accounts, and the trail records it", async () => {
  const { url, shared } = server
  const user = await registerWithKey(url)
  const [ownerId, keyId] = [randomUUID(), randomUUID()]
  await insertHostOwner(shared.DATABASE_URL, ownerId, keyId)
  const call = (method: string, path: string, body?: object) =>
    rest(url, method, `/auth/admin${path}`, { apiKey: bootstrap, ...(body && { body }) })

  const users = await call("GET", "/users")
  expect(users.body.items).toMatchObject([{ id: ownerId, issuer: "host" }])
  const keys = await call("GET", "/apikeys")
  expect(keys.body.items.map(({ id }: { id: string }) => id)).toEqual([keyId])

  const { id } = user.user
  expect((await call("POST", `/users/${id}/disable`)).status).toBe(404)
  expect((await call("POST", "/users/disable", { issuer: "latchkey", subject: id })).status).toBe(404)
  expect((await call("POST", "/users/enable", { issuer: "latchkey", subject: randomUUID() })).status).toBe(
    404,
  )
  expect((await call("DELETE", `/users/${id}`)).status).toBe(404)
  expect((await call("POST", "/users/erase", { issuer: "latchkey", subject: id })).status).toBe(404)
  expect((await call("DELETE", `/apikeys/${user.id}`)).status).toBe(404)
  expect((await rest(url, "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(200)

  expect((await call("POST", `/users/${ownerId}/disable`)).status).toBe(204)
  expect((await call("POST", `/users/${ownerId}/enable`)).status).toBe(204)
  expect((await call("POST", "/users/disable", { issuer: "host", subject: "unseen" })).status).toBe(204)
  expect((await call("DELETE", `/apikeys/${keyId}`)).status).toBe(204)
  expect((await call("DELETE", `/apikeys/${keyId}`)).status).toBe(404)
  expect((await call("DELETE", `/users/${ownerId}`)).status).toBe(204)

  const sql = connect(shared.DATABASE_URL)
  const trail = await sql`select kind, via, credential_id, actor from audit_events where owner_id = ${ownerId}
    order by created_at`
  await sql.end()
  const by = { via: "apiKey", credential_id: null, actor: "bootstrap" }
  expect(trail).toEqual([
    { kind: "userDisabled", ...by },
    { kind: "userEnabled", ...by },
    { kind: "apiKeyRevoked", ...by },
    { kind: "userErased", ...by },
  ])
})

test("a made-up cursor tells a bootstrap key nothing about emails and labels of Latchkey's own accounts", async () => {
  const { url } = server
  const user = await registerWithKey(url)
  const word = randomUUID()
  // In order, the email of the account, and the label of its key, would be between these.
  for (const name of [`0 ${word}`, `zz ${word}`]) {
    const headers = { "latchkey-on-behalf-of": `host ${encodeURIComponent(name)}` }
    await rest(url, "POST", "/auth/apikeys", { apiKey: bootstrap, headers, body: { label: name } })
  }
  const listAfter = (path: string, id: string) => {
    const cursor = Buffer.from(`0.${id}`).toString("base64url")
    return rest(url, "GET", `/auth/admin/${path}&cursor=${cursor}`, { apiKey: bootstrap })
  }
  const lists = [
    await listAfter(`users?search=${word}`, user.user.id),
    await listAfter("apikeys?search=zz", user.id),
  ]
  expect(lists.map(({ status, body }) => [status, body.items])).toEqual([
    [200, []],
    [200, []],
  ])
})

test("a key that is no longer configured ends with the restart", async () => {
  await using other = await startTestServer(server.shared)
  for (const apiKey of [bootstrap, gateway]) {
    expect((await rest(other.url, "GET", "/auth/me", { apiKey })).status).toBe(401)
  }
})
