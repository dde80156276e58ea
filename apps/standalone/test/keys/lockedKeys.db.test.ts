import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { newSecret, type RestCall, rest, startServerOnPostgres } from "../testServer.ts"

const bootstrap = newSecret()

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    BOOTSTRAP_KEY: bootstrap,
    SCOPES: "reports:read",
    PASSWORDS: "off",
    MAX_KEY_LIFETIME_DAYS: "30",
  })
})
afterAll(() => server[Symbol.asyncDispose]())

/** The product's server, and a browser of the owner with a token that the product has made. */
async function newOwner() {
  const headers = { "latchkey-on-behalf-of": `host ${randomUUID()}` }
  const product = (method: string, path: string, body?: object) =>
    rest(server.url, method, path, { apiKey: bootstrap, headers, ...(body && { body }) })
  const { accessToken } = (await product("POST", "/auth/owner-tokens", {})).body
  const browser = (method: string, path: string, call: RestCall = {}) =>
    rest(server.url, method, path, { accessToken, ...call })
  return { product, browser }
}

test("settings that the product makes with latchkey:manage are locked for the owner's browser, but not for the product", async () => {
  const { product, browser } = await newOwner()
  const body = { label: "partner", scopes: ["reports:read"], metadata: { plan: "free" } }
  const created = await product("POST", "/auth/apikeys", body)
  expect(created).toMatchObject({ status: 201, body: { locked: true, metadata: { plan: "free" } } })
  const path = `/auth/apikeys/${created.body.id}`
  const change = (body: object) => browser("PATCH", path, { body })

  for (const refused of [
    { scopes: null },
    { allowedIps: ["192.0.2.1"] },
    { metadata: {} },
    { lock: false },
  ]) {
    expect(await change(refused)).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  }
  expect(await change({ label: "mine", disabled: true })).toMatchObject({
    status: 200,
    body: { disabled: true },
  })
  expect(await browser("GET", path)).toMatchObject({ status: 200, body: { label: "mine", locked: true } })

  const changed = await product("PATCH", path, { disabled: false, metadata: { plan: "paid" }, lock: false })
  expect(changed).toMatchObject({ status: 200, body: { locked: false, metadata: { plan: "paid" } } })
  expect(await change({ scopes: [] })).toMatchObject({ status: 200, body: { scopes: [] } })
  expect(await product("GET", path)).toMatchObject({ status: 200, body: { scopes: [], label: "mine" } })
})

test("an owner's browser can't set metadata and lock on a new key", async () => {
  const { browser } = await newOwner()
  for (const own of [{ metadata: { plan: "paid" } }, { lock: true }, { metadata: null }]) {
    const refused = await browser("POST", "/auth/apikeys", { body: { label: "x", ...own } })
    expect(refused).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  }
  const created = await browser("POST", "/auth/apikeys", { body: { label: "x", scopes: ["reports:read"] } })
  expect(created).toMatchObject({ status: 201, body: { locked: false, metadata: null } })
})

test("keys end within MAX_KEY_LIFETIME_DAYS, whoever creates or changes them", async () => {
  const { product, browser } = await newOwner()
  const latest = new Date(Date.now() + 30 * 86_400_000)
  latest.setUTCHours(23, 59, 59, 999)
  const created = await browser("POST", "/auth/apikeys", { body: { label: "x" } })
  expect(created).toMatchObject({ status: 201, body: { expiresAt: latest.toISOString() } })
  for (const expiresAt of [null, "2999-01-01"]) {
    const refusal = { status: 400, body: { issues: [{ path: ["expiresAt"] }] } }
    expect(await product("POST", "/auth/apikeys", { label: "x", expiresAt })).toMatchObject(refusal)
    const path = `/auth/apikeys/${created.body.id}`
    expect(await browser("PATCH", path, { body: { expiresAt } })).toMatchObject(refusal)
  }
})

test("on behalf of an owner, the product does not find keys of other owners", async () => {
  const [one, other] = [await newOwner(), await newOwner()]
  const { id } = (await one.product("POST", "/auth/apikeys", { label: "x" })).body
  expect((await other.product("GET", `/auth/apikeys/${id}`)).status).toBe(404)
  expect((await other.product("PATCH", `/auth/apikeys/${id}`, { label: "y" })).status).toBe(404)
  expect((await one.product("GET", `/auth/apikeys/${id}`)).body.label).toBe("x")
})
