import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, startServerOnPostgres } from "../test/startServer.ts"
import { createLatchkey } from "./index.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>

beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})

afterAll(() => server[Symbol.asyncDispose]())

async function newUser() {
  const { accessToken } = await register(server.url)
  return createLatchkey({ baseUrl: server.url, accessToken })
}

test("a key is read and changed, and omitted fields stay", async () => {
  const { apiKeys } = await newUser()
  const { id, key } = await apiKeys.create({
    label: "import",
    allowedIps: ["203.0.113.0/24"],
    expiresIn: 3_600,
  })

  const disabled = await apiKeys.update(id, { label: "export", disabled: true, allowedIps: null })
  expect(disabled).toMatchObject({ id, label: "export", disabled: true, allowedIps: null })
  const left = (disabled.expiresAt?.getTime() ?? 0) - Date.now()
  expect(left).toBeGreaterThan(3_000_000)
  expect(left).toBeLessThanOrEqual(3_600_000)
  expect(await apiKeys.get(id)).toEqual(disabled)

  const byKey = createLatchkey({ baseUrl: server.url, apiKey: key })
  await expect(byKey.auth.me()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  await apiKeys.update(id, { disabled: false, expiresIn: 7_200 })
  expect((await byKey.auth.me()).apiKeyId).toBe(id)
  await expect(byKey.apiKeys.update(id, { label: "mine" })).rejects.toMatchObject({ reason: "FORBIDDEN" })
  await expect(byKey.apiKeys.get(id)).rejects.toMatchObject({ reason: "FORBIDDEN" })
})

test("a key is replaced, and the old one is valid for the grace period", async () => {
  const { apiKeys } = await newUser()
  const old = await apiKeys.create({ label: "import" })
  const second = await apiKeys.rotate(old.id, { grace: 60, expiresIn: 3_600 })
  expect(second).toMatchObject({ label: "import", replaces: old.id })
  const left = (second.expiresAt?.getTime() ?? 0) - Date.now()
  expect(left).toBeGreaterThan(3_000_000)
  expect(left).toBeLessThanOrEqual(3_600_000)
  const accepts = (apiKey: string) =>
    createLatchkey({ baseUrl: server.url, apiKey })
      .auth.me()
      .then(
        () => true,
        () => false,
      )
  expect([await accepts(old.key), await accepts(second.key)]).toEqual([true, true])
  await expect(apiKeys.rotate(old.id)).rejects.toMatchObject({ reason: "ALREADY_REPLACED", status: 409 })

  const third = await apiKeys.rotate(second.id)
  expect(third.expiresAt).toEqual(second.expiresAt)
  expect([await accepts(old.key), await accepts(second.key), await accepts(third.key)]).toEqual([
    false,
    true,
    true,
  ])
})

test.each([
  { expiresIn: 60, expiresAt: new Date() },
  { expiresIn: 60, expiresAt: null },
  { expiresIn: 0 },
  { expiresIn: -1 },
  { expiresIn: Number.NaN },
  { expiresIn: Number.POSITIVE_INFINITY },
])("%j is refused before a request is sent", async (expiry) => {
  const { apiKeys } = createLatchkey({ baseUrl: "http://localhost:9" })
  await expect(apiKeys.create({ label: "x", ...expiry })).rejects.toThrow(TypeError)
  await expect(apiKeys.update("some-id", expiry)).rejects.toThrow(TypeError)
  await expect(apiKeys.rotate("some-id", expiry)).rejects.toThrow(TypeError)
})

test("anyone who finds a key can report it without a credential, which revokes it", async () => {
  const { accessToken } = await register(server.url)
  const { key } = await createLatchkey({ baseUrl: server.url, accessToken }).apiKeys.create({
    label: "found",
  })
  const stranger = createLatchkey({ baseUrl: server.url })
  await stranger.apiKeys.reportLeaked(key)
  await stranger.apiKeys.reportLeaked(key)
  await expect(createLatchkey({ baseUrl: server.url, apiKey: key }).auth.me()).rejects.toMatchObject({
    reason: "UNAUTHENTICATED",
  })
})
