import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { startServerOnPostgres } from "../test/startServer.ts"
import { createLatchkey, type Latchkey } from "./index.ts"

// A backend that manages the keys of its users with a key of its own.

const BACKEND_KEY = randomBytes(32).toString("hex")

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let backend: Latchkey
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), {
    PASSWORDS: "off",
    BOOTSTRAP_KEY: BACKEND_KEY,
    SCOPES: "reports:read",
  })
  backend = createLatchkey({ baseUrl: server.url, apiKey: BACKEND_KEY })
})
afterAll(() => server[Symbol.asyncDispose]())

test("a backend creates, lists and revokes keys of its users", async () => {
  const user = backend.as({ subject: "user 42 / é%" }, { actor: "ada@company.tld" })
  const created = await user.apiKeys.create({ label: "import", scopes: ["reports:read"] })
  expect(created).toMatchObject({ label: "import", scopes: ["reports:read"], createdBy: "ada@company.tld" })
  await user.apiKeys.create({ label: "export" })

  const labels: string[] = []
  for await (const { label } of user.apiKeys.list({ limit: 1 })) labels.push(label)
  expect(labels).toEqual(["export", "import"])
  expect(await backend.verify(created.key, { onUnavailable: "throw" })).toMatchObject({
    ...{ active: true, issuer: "host", subject: "user 42 / é%", apiKeyId: created.id },
  })
  await user.apiKeys.revoke(created.id)
  expect(await backend.verify(created.key, { onUnavailable: "throw" })).toMatchObject({ active: false })
})

test("a backend replaces a key of its user", async () => {
  const { apiKeys } = backend.as({ subject: "user 43" }, { actor: "ada@company.tld" })
  const old = await apiKeys.create({ label: "import", metadata: { plan: "free" } })
  const created = await apiKeys.rotate(old.id, { grace: 0 })
  expect(created).toMatchObject({
    metadata: { plan: "free" },
    replaces: old.id,
    createdBy: "ada@company.tld",
  })
  expect(await backend.verify(old.key, { onUnavailable: "throw" })).toMatchObject({ active: false })
  expect(await backend.verify(created.key, { onUnavailable: "throw" })).toMatchObject({ active: true })
})

test("calls for different users are never mixed up, even in one tick", async () => {
  const users = ["a", "b", "c"].map((subject) => ({ subject, ...backend.as({ subject }) }))
  const created = await Promise.all(
    users.flatMap(({ subject, apiKeys }) => [
      apiKeys.create({ label: `1 of ${subject}` }),
      apiKeys.create({ label: `2 of ${subject}` }),
    ]),
  )
  expect(created.map(({ createdBy }) => createdBy)).toEqual(["a", "a", "b", "b", "c", "c"])
  const lists = await Promise.all(users.map(({ apiKeys }) => apiKeys.list()))
  expect(lists.map(({ items }) => items.map(({ label }) => label).sort())).toEqual([
    ["1 of a", "2 of a"],
    ["1 of b", "2 of b"],
    ["1 of c", "2 of c"],
  ])
})

test("a token lets the user's browser manage the user's keys", async () => {
  const forUser = backend.as({ subject: "user_7" }, { actor: "user_7" })
  const { accessToken, expiresAt } = await forUser.ownerTokens.create({ ttl: 60 })
  expect(expiresAt).toBeInstanceOf(Date)
  const browser = createLatchkey({ baseUrl: server.url, accessToken })
  const { id } = await browser.apiKeys.create({ label: "mine" })
  expect(await forUser.apiKeys.list()).toMatchObject({ items: [{ id, createdBy: "user_7" }] })

  const { accessToken: reading } = await forUser.ownerTokens.create({ manage: "read" })
  const reader = createLatchkey({ baseUrl: server.url, accessToken: reading })
  expect((await reader.apiKeys.list()).items).toHaveLength(1)
  await expect(reader.apiKeys.revoke(id)).rejects.toMatchObject({ reason: "FORBIDDEN" })
  await expect(browser.as({ subject: "user_8" }).apiKeys.list()).rejects.toMatchObject({
    reason: "FORBIDDEN",
  })
  await expect(forUser.ownerTokens.create()).resolves.toHaveProperty("accessToken")
})

test.each([
  [{ subject: undefined }, {}, /^subject /],
  [{ subject: "" }, {}, /^subject /],
  [{ subject: 42 }, {}, /^subject /],
  [{ subject: "a\n" }, {}, /^subject /],
  [{ subject: "\ud800" }, {}, /^subject /],
  [{ subject: "a".repeat(256) }, {}, /^subject /],
  [{ subject: "a", issuer: "" }, {}, /^issuer /],
  [{ subject: "a" }, { actor: "" }, /^actor /],
])("as(%j, %j) is refused before any request", (owner, by, message) => {
  expect(() => backend.as(owner as { subject: string }, by)).toThrow(TypeError)
  expect(() => backend.as(owner as { subject: string }, by)).toThrow(message)
})
