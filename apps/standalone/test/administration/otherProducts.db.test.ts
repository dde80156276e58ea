import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { newSecret, rest, startServerOnPostgres } from "../testServer.ts"

const ADMIN = "admin@example.com"
const bootstrap = newSecret()
const othersBootstrap = newSecret()

/** Two products that share a schema and serve different issuers. */
let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let other: Awaited<ReturnType<typeof startServerOnPostgres>>
let admin: string
beforeAll(async () => {
  const common = { ADMIN_EMAILS: ADMIN }
  server = await startServerOnPostgres(inject("postgresUrl"), {
    ...{ ...common, SERVED_ISSUERS: "acme", BOOTSTRAP_KEY: bootstrap },
  })
  other = await startServerOnPostgres(inject("postgresUrl"), {
    ...{ ...server.shared, ...common, SERVED_ISSUERS: "globex", BOOTSTRAP_KEY: othersBootstrap },
  })
  const { body } = await rest(server.url, "POST", "/auth/register", {
    body: { email: ADMIN, password: randomUUID() },
  })
  admin = body.accessToken
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const create = (url: string, apiKey: string, issuer: string, subject: string) =>
  rest(url, "POST", "/auth/apikeys", {
    apiKey,
    headers: { "latchkey-on-behalf-of": `${issuer} ${subject}` },
    body: { label: `label of ${subject}` },
  })

async function createOfOther() {
  const subject = randomUUID()
  const { body } = await create(other.url, othersBootstrap, "globex", subject)
  const isAccepted = async () =>
    (await rest(other.url, "GET", "/auth/me", { apiKey: body.key })).status === 200
  const me = await rest(other.url, "GET", "/auth/me", { apiKey: body.key })
  return { subject, isAccepted, keyId: body.id as string, ownerId: me.body.id as string }
}

const credentials = {
  "an administrator": () => ({ accessToken: admin }),
  "a configured key": () => ({ apiKey: bootstrap }),
}

describe.each(["an administrator", "a configured key"] as const)("%s of another product", (who) => {
  const call = (method: string, path: string, body?: object) =>
    rest(server.url, method, path, { ...credentials[who](), ...(body && { body }) })

  test("changes nothing of an owner whose issuer is not served", async () => {
    const { isAccepted, ownerId, keyId } = await createOfOther()
    expect((await call("POST", `/auth/admin/users/${ownerId}/disable`)).status).toBe(404)
    expect((await call("DELETE", `/auth/admin/users/${ownerId}`)).status).toBe(404)
    expect((await call("DELETE", `/auth/admin/apikeys/${keyId}`)).status).toBe(404)
    expect(await isAccepted()).toBe(true)
  })

  test("enables no owner whose issuer is not served", async () => {
    const { isAccepted, ownerId } = await createOfOther()
    await rest(other.url, "POST", `/auth/admin/users/${ownerId}/disable`, { apiKey: othersBootstrap })
    expect((await call("POST", `/auth/admin/users/${ownerId}/enable`)).status).toBe(404)
    expect(await isAccepted()).toBe(false)
  })

  test("revokes none of their keys by conditions", async () => {
    const { isAccepted, subject } = await createOfOther()
    const where = { labelContains: subject }
    const preview = await call("POST", "/auth/admin/apikeys/revoke-where", { where, preview: true })
    expect(preview.body).toMatchObject({ count: 0, sample: [] })
    const { confirm } = preview.body
    const confirmed = await call("POST", "/auth/admin/apikeys/revoke-where", { where, confirm })
    expect(confirmed.body).toEqual({ revoked: 0 })
    expect(await isAccepted()).toBe(true)
  })

  test("sees neither them nor their keys", async () => {
    const { subject, ownerId, keyId } = await createOfOther()
    const own = await create(server.url, bootstrap, "acme", subject)
    for (const search of ["", subject]) {
      const users = await call("GET", `/auth/admin/users?search=${search}`)
      expect(users.body.items).toContainEqual(expect.objectContaining({ issuer: "acme", subject }))
      expect(JSON.stringify(users.body)).not.toContain(ownerId)
    }
    for (const query of ["", `search=label of ${subject}`, `search=${keyId}`, `userId=${ownerId}`]) {
      const keys = await call("GET", `/auth/admin/apikeys?${query}`)
      expect(keys.status).toBe(200)
      expect(JSON.stringify(keys.body)).not.toContain(keyId)
    }
    const keys = await call("GET", `/auth/admin/apikeys?search=${own.body.id}`)
    expect(keys.body.items).toMatchObject([{ id: own.body.id }])
  })
})

test("a managing key ends no owner whose issuer is not served", async () => {
  const { isAccepted, ownerId } = await createOfOther()
  const { body } = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken: admin,
    body: { label: "backend", scopes: ["latchkey:manage"] },
  })
  const apiKey = body.key
  expect((await rest(server.url, "POST", `/auth/admin/users/${ownerId}/disable`, { apiKey })).status).toBe(
    404,
  )
  expect((await rest(server.url, "DELETE", `/auth/admin/users/${ownerId}`, { apiKey })).status).toBe(404)
  expect(await isAccepted()).toBe(true)
})
