import { initTRPC } from "@trpc/server"
import { expect, inject, test, vi } from "vitest"
import type { Identity } from "../src/options/options.ts"
import { rest, startLatchkey } from "./startLatchkey.ts"

const serverUrl = inject("postgresUrl")

/** The product's own session cookie names the member and the organization. */
const identify = (headers: Headers): Identity | null => {
  const [, actor, subject] = /session=(\w+)@(\w+)/.exec(headers.get("cookie") ?? "") ?? []
  return subject && actor ? { subject, actor } : null
}

const cookie = "session=user_7@org_42"
const ownPage = { cookie, host: "localhost", origin: "http://localhost" }

test("a member creates a key of the organization, and verdicts have the product's own ids", async () => {
  await using started = await startLatchkey(serverUrl, { identify, passwords: "off" })
  const { latchkey } = started
  const created = await rest(latchkey, "POST", "/auth/apikeys", {
    headers: ownPage,
    body: { label: "nightly import", scopes: ["reports:read"] },
  })
  expect(created.status).toBe(201)
  const { id, key } = created.body

  const verdict = await latchkey.authenticate({ "x-api-key": key }, { scope: "reports:read" })
  expect(verdict).toMatchObject({
    ok: true,
    caller: {
      subject: "org_42",
      issuer: "host",
      via: "apiKey",
      apiKeyId: id,
      label: "nightly import",
      scopes: ["reports:read"],
    },
  })
  const lacking = await latchkey.authenticate({ "x-api-key": key }, { scope: "reports:write" })
  expect(lacking).toMatchObject({
    status: 403,
    reason: "INSUFFICIENT_SCOPE",
    cause: "scope",
    apiKeyId: id,
    headers: {
      "WWW-Authenticate": expect.stringContaining('error="insufficient_scope", scope="reports:write"'),
    },
  })
  const { body: page } = await rest(latchkey, "GET", "/auth/apikeys", { headers: { cookie } })
  expect(page.items).toMatchObject([{ id, createdBy: "user_7" }])
  expect((await rest(latchkey, "POST", "/auth/register", { body: {} })).status).toBe(404)
})

test("a change by cookie needs a page of an allowed origin", async () => {
  await using started = await startLatchkey(serverUrl, {
    identify,
    allowedOrigins: ["https://app.example.com"],
  })
  const { latchkey } = started
  const create = (headers: Record<string, string>) =>
    rest(latchkey, "POST", "/auth/apikeys", { headers, body: { label: "x" } })
  expect((await create({ cookie })).status).toBe(403)
  expect((await create({ ...ownPage, origin: "https://evil.example" })).status).toBe(403)
  const allowed = await create({ ...ownPage, origin: "https://app.example.com" })
  expect(allowed.status).toBe(201)
  expect(allowed.headers.get("access-control-allow-credentials")).toBe("true")

  const verdictOf = async (headers: Record<string, string>, options: object = {}) =>
    (await latchkey.authenticate(headers, options)).ok
  expect(await verdictOf({ cookie }, { method: "GET" })).toBe(true)
  expect(await verdictOf({ cookie }, { method: "POST" })).toBe(false)
  expect(await verdictOf(ownPage, { method: "POST" })).toBe(true)
  // Without a method it may be a change.
  expect(await verdictOf({ cookie })).toBe(false)
  expect(await verdictOf({ cookie }, { sameOrigin: false })).toBe(true)
  expect(await verdictOf({ cookie }, { method: "GET", via: "apiKey" })).toBe(false)
})

test("identify is called once per request, with the framework's own request, and never if there is a credential", async () => {
  const spy = vi.fn(identify)
  await using started = await startLatchkey(serverUrl, { identify: spy, passwords: "off" })
  const { latchkey } = started
  const t = initTRPC.context<ReturnType<typeof latchkey.createContext>>().create()
  const { createCaller } = t.router({
    who: t.procedure.concat(latchkey.requires()).query(({ ctx }) => ctx.caller.actor),
  })
  const request = new Request("http://localhost/", { headers: { cookie } })
  const caller = createCaller(latchkey.createContext(request))
  expect(await Promise.all([caller.who(), caller.who(), caller.who()])).toEqual([
    "user_7",
    "user_7",
    "user_7",
  ])
  expect(spy.mock.calls).toEqual([[expect.any(Headers), request]])

  spy.mockClear()
  const { key } = await latchkey.as({ subject: "org_42" }).apiKeys.create({ label: "x" })
  expect(await latchkey.authenticate({ "x-api-key": key, cookie })).toMatchObject({
    caller: { via: "apiKey" },
  })
  expect(spy).not.toHaveBeenCalled()
})

test.each([
  ["an error", () => Promise.reject(new Error("the session store is down"))],
  ["another shape", () => ({ id: "org_42" })],
  ["an empty subject", () => ({ subject: "" })],
])("%s from identify is 503, never nobody", async (_, broken) => {
  const errors: object[] = []
  const logger = { info() {}, warn() {}, error: (details: object) => void errors.push(details) }
  await using started = await startLatchkey(serverUrl, { identify: broken as never, logger })
  const verdict = await started.latchkey.authenticate({ cookie }, { method: "GET" })
  expect(verdict).toMatchObject({ ok: false, status: 503, cause: "unavailable" })
  // The cause is logged, without the messages of the host's errors.
  expect(JSON.stringify(errors)).toContain("identify.ts")
  expect(JSON.stringify(errors)).not.toContain("session store")
  expect((await rest(started.latchkey, "GET", "/auth/me", { headers: { cookie } })).status).toBe(503)
})

test("the host's own code creates, lists and revokes an owner's keys", async () => {
  await using started = await startLatchkey(serverUrl, { passwords: "off", keyPrefix: "acme" })
  const { latchkey } = started
  const { apiKeys } = latchkey.as({ subject: "org_42" }, { actor: "user_7" })
  const { id, key } = await apiKeys.create({ label: "x", scopes: ["reports:write"] })
  expect(key).toMatch(/^acme_[0-9a-f]{72}$/)
  expect(await latchkey.authenticate({ authorization: `Bearer ${key}` })).toMatchObject({ ok: true })
  expect((await apiKeys.list()).items).toMatchObject([{ id, createdBy: "user_7" }])
  await apiKeys.revoke(id)
  expect(await latchkey.authenticate({ authorization: `Bearer ${key}` })).toMatchObject({ status: 401 })
  await expect(latchkey.as({ subject: "x", issuer: "elsewhere" }).apiKeys.list()).rejects.toThrow(/issuer/)
})

test("the host stores metadata with a key, and every verdict contains it", async () => {
  await using started = await startLatchkey(serverUrl, { passwords: "off" })
  const { latchkey } = started
  const { apiKeys } = latchkey.as({ subject: "org_42" })
  const metadata = { plan: "pro", région: "eu-1", empty: "" }
  const { key } = await apiKeys.create({ label: "x", metadata })
  const bare = await apiKeys.create({ label: "x" })

  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ caller: { metadata } })
  const verdict = await latchkey.authenticate({ "x-api-key": bare.key })
  expect(verdict.ok && verdict.caller).not.toHaveProperty("metadata")

  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, ""]))
  await apiKeys.create({ label: "x", metadata: many(20) })
  await apiKeys.create({ label: "x", metadata: { n: "é".repeat(1_023) } })
  for (const wrong of [
    many(21),
    { n: "é".repeat(1_024) },
    { n: 1 },
    { n: null },
    { n: "\0" },
    { "": "n" },
    ["n"],
  ]) {
    const refused = apiKeys.create({ label: "x", metadata: wrong as Record<string, string> })
    await expect(refused).rejects.toMatchObject({
      reason: "INVALID_INPUT",
      message: expect.stringContaining("metadata"),
    })
  }
  expect((await apiKeys.list()).items).toHaveLength(4)
})

test("pending writes are passed to waitUntil", async () => {
  const gathered: Promise<unknown>[] = []
  await using started = await startLatchkey(serverUrl, {
    waitUntil: (promise) => void gathered.push(promise),
  })
  const { latchkey } = started
  const { apiKeys } = latchkey.as({ subject: "org_42" })
  const { key } = await apiKeys.create({ label: "x" })
  await latchkey.authenticate({ "x-api-key": key })
  await Promise.all(gathered)
  expect((await apiKeys.list()).items[0]?.lastUsedAt).toBeInstanceOf(Date)
})

test.each([
  [
    "throws, as some do outside a request,",
    () => {
      throw new Error("outside of a request")
    },
  ],
  ["rejects", () => Promise.reject(new Error("outside of a request"))],
])("a waitUntil that %s does not change the answer", async (_, waitUntil) => {
  const errors: unknown[] = []
  await using started = await startLatchkey(serverUrl, {
    waitUntil,
    logger: { info() {}, warn() {}, error: (...line) => void errors.push(line) },
  })
  const { latchkey } = started
  const { key } = await latchkey.as({ subject: "org_42" }).apiKeys.create({ label: "x" })
  expect(await latchkey.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  const me = await rest(latchkey, "GET", "/auth/me", { headers: { "x-api-key": key } })
  expect(me.status).toBe(200)
  expect(JSON.stringify(errors)).toContain("waitUntil failed")
})
