import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { PASSWORD, register, startServerOnPostgres } from "../test/startServer.ts"
import { createLatchkey, type Latchkey } from "./index.ts"

// An API that asks a Latchkey server about the keys of its callers.

const ADMIN = { email: "admin@company.tld", password: PASSWORD }
const INVALID = { active: false, reason: "INVALID" }
const orThrow = { onUnavailable: "throw" } as const

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let api: Latchkey
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    ADMIN_EMAILS: ADMIN.email,
    SCOPES: "reports:read,reports:write",
  })
  const baseUrl = server.url
  const { accessToken } = await createLatchkey({ baseUrl }).auth.register(ADMIN)
  const admin = createLatchkey({ baseUrl, accessToken })
  const { key } = await admin.apiKeys.create({ label: "API", scopes: ["latchkey:introspect"] })
  api = createLatchkey({ baseUrl, apiKey: key })
})
afterAll(() => server[Symbol.asyncDispose]())

async function newUser(scopes: string[] | null = null) {
  const { user, accessToken } = await register(server.url)
  const latchkey = createLatchkey({ baseUrl: server.url, accessToken })
  const created = await latchkey.apiKeys.create({ label: "x", scopes })
  return { ...created, user, accessToken, revoke: () => latchkey.apiKeys.revoke(created.id) }
}

test("a user's key is verified, with its scopes, until it is revoked", async () => {
  const { id, key, user, revoke } = await newUser(["reports:read"])
  const verified = {
    ...{ active: true, subject: user.id, issuer: "latchkey", apiKeyId: id },
    ...{ scopes: ["reports:read"], expiresAt: null },
  }
  expect(await api.verify(key, orThrow)).toEqual(verified)
  expect(await api.verify(key, { ...orThrow, scope: "reports:read", address: "192.0.2.1" })).toEqual(verified)
  expect(await api.verify(key, { ...orThrow, scope: ["reports:read", "reports:write"] })).toEqual({
    active: false,
    reason: "INSUFFICIENT_SCOPE",
  })
  await revoke()
  expect(await api.verify(key, orThrow)).toEqual(INVALID)
})

test("an access token is verified, and expires", async () => {
  const { user, accessToken } = await newUser()
  const verified = await api.verify(accessToken, orThrow)
  expect(verified).toMatchObject({ active: true, subject: user.id, apiKeyId: null })
  expect(verified.active && verified.expiresAt).toBeInstanceOf(Date)
})

test("a revoked key is refused in every call made after the revocation, even while older calls are in flight", async () => {
  const { key, revoke } = await newUser()
  const before = Array.from({ length: 20 }, () => api.verify(key, { ...orThrow, timeout: 20_000 }))
  await revoke()
  const after = Array.from({ length: 20 }, () => api.verify(key, { ...orThrow, timeout: 20_000 }))
  await Promise.all(before)
  for (const verification of await Promise.all(after)) expect(verification).toEqual(INVALID)
})

test("one invalid credential does not affect others that are verified with it", async () => {
  const { key } = await newUser()
  const bad = ["0".repeat(64), "x".repeat(1_000), "y".repeat(9_000), `"\\`.repeat(500)]
  const options = { ...orThrow, timeout: 20_000 }
  const all = await Promise.all([
    ...Array.from({ length: 10 }, () => bad.map((credential) => api.verify(credential, options))).flat(),
    api.verify(key, options),
  ])
  expect(all.pop()).toMatchObject({ active: true })
  for (const verification of all) expect(verification).toEqual(INVALID)
})

test("a client that may not ask is told so", async () => {
  const { key } = await newUser()
  const { verify } = createLatchkey({ baseUrl: server.url, apiKey: key })
  await expect(verify(key, { onUnavailable: "deny" })).rejects.toMatchObject({ status: 403 })
})

test("an invalid address is reported as the caller's mistake", async () => {
  const { key } = await newUser()
  await expect(api.verify(key, { onUnavailable: "deny", address: "localhost" })).rejects.toMatchObject({
    reason: "INVALID_INPUT",
  })
})

test("a key that has used up its limit is RATE_LIMITED at once, whatever the choice for outages", async () => {
  const { accessToken } = await register(server.url)
  const { key } = await createLatchkey({ baseUrl: server.url, accessToken }).apiKeys.create({
    label: "x",
    rateLimit: { limit: 1, window: 10 },
  })
  expect(await api.verify(key, orThrow)).toMatchObject({ active: true })
  for (const onUnavailable of ["throw", "deny"] as const) {
    // With time enough for retries until the window is over.
    expect(await api.verify(key, { onUnavailable, timeout: 30_000 })).toEqual({
      active: false,
      reason: "RATE_LIMITED",
    })
  }
})
