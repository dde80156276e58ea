import { afterAll, beforeAll, expect, inject, test } from "vitest"
import {
  PASSWORD,
  register,
  respond,
  result,
  startRawServer,
  startServerOnPostgres,
} from "../test/startServer.ts"
import { createLatchkey } from "./createLatchkey.ts"

const EMAIL = "ada@company.tld"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let admin: ReturnType<typeof createLatchkey>["admin"]
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { ADMIN_EMAILS: EMAIL })
  const anonymous = createLatchkey({ baseUrl: server.url })
  const { user, accessToken } = await anonymous.auth.register({ email: EMAIL, password: PASSWORD })
  expect(user.role).toBe("admin")
  admin = createLatchkey({ baseUrl: server.url, accessToken }).admin
})
afterAll(() => server[Symbol.asyncDispose]())

test("an administrator lists users by page, and disables and enables one", async () => {
  const { user } = await register(server.url)
  await register(server.url)

  const emails: (string | null)[] = []
  for await (const { email } of admin.users.list({ limit: 2 })) emails.push(email)
  expect(emails).toHaveLength(3)
  expect(emails.at(-1)).toBe(EMAIL)
  expect((await admin.users.list({ search: EMAIL.slice(0, 5), limit: 2 })).items).toMatchObject([
    { email: EMAIL, role: "admin", activeKeys: 0, disabledAt: null },
  ])

  const signIn = () =>
    createLatchkey({ baseUrl: server.url }).auth.login({ email: user.email, password: PASSWORD })
  await admin.users.disable(user.id)
  await expect(signIn()).rejects.toMatchObject({ reason: "LOGIN_FAILED" })
  expect((await admin.users.list({ status: "disabled" })).items).toMatchObject([
    { id: user.id, disabledAt: expect.any(Date) },
  ])
  await admin.users.enable(user.id)
  expect((await signIn()).user).toEqual(user)
})

test("an administrator erases a user by id, and one of the product by subject", async () => {
  const { user, accessToken } = await register(server.url)
  const theirs = createLatchkey({ baseUrl: server.url, accessToken })
  const { key } = await theirs.apiKeys.create({ label: "one" })

  await admin.users.erase(user.id)
  await admin.users.erase(user.id)
  await admin.users.erase({ issuer: "host", subject: "org_erased" })

  await expect(theirs.apiKeys.list()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  const byKey = createLatchkey({ baseUrl: server.url, apiKey: key }).auth.me()
  await expect(byKey).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
  expect((await admin.users.list({ search: user.email })).items).toEqual([])
  await expect(admin.users.enable(user.id)).rejects.toMatchObject({ reason: "NOT_FOUND" })
})

test("an administrator revokes the keys that meet conditions: first a preview, then the revocation", async () => {
  const { user, accessToken } = await register(server.url)
  const { apiKeys } = createLatchkey({ baseUrl: server.url, accessToken })
  const [one, two] = [await apiKeys.create({ label: "ci one" }), await apiKeys.create({ label: "ci two" })]
  const kept = await apiKeys.create({ label: "kept" })
  const where = { subject: user.id, labelContains: "CI", createdAfter: new Date(Date.now() - 3_600_000) }

  const preview = await admin.apiKeys.revokeWhere({ where, preview: true })
  expect(preview.count).toBe(2)
  expect(preview.sample.map(({ id, createdAt }) => [id, createdAt])).toEqual([
    [two.id, two.createdAt],
    [one.id, one.createdAt],
  ])
  expect((await apiKeys.list()).items).toHaveLength(3)
  const other = admin.apiKeys.revokeWhere({ where: { subject: user.id }, confirm: preview.confirm })
  await expect(other).rejects.toMatchObject({ reason: "INVALID_INPUT" })

  expect(await admin.apiKeys.revokeWhere({ where, confirm: preview.confirm })).toEqual({ revoked: 2 })
  expect(await admin.apiKeys.revokeWhere({ where, confirm: preview.confirm })).toEqual({ revoked: 2 })
  expect((await apiKeys.list()).items.map(({ id }) => id)).toEqual([kept.id])
})

test("an administrator lists the keys of all users by page, finds one and revokes it", async () => {
  const { user, accessToken } = await register(server.url)
  const { apiKeys, ...theirs } = createLatchkey({ baseUrl: server.url, accessToken })
  const created = [await apiKeys.create({ label: "one" }), await apiKeys.create({ label: "two" })]
  const labels: string[] = []
  for await (const { label } of admin.apiKeys.list({ userId: user.id, limit: 1 })) labels.push(label)
  expect(labels).toEqual(["two", "one"])

  const { items } = await admin.apiKeys.list({ search: created[0]?.key ?? "" })
  expect(items).toMatchObject([{ id: created[0]?.id, owner: { email: user.email, disabledAt: null } }])
  await admin.apiKeys.revoke(created[0]?.id ?? "")

  expect((await apiKeys.list()).items.map(({ label }) => label)).toEqual(["two"])
  await expect(theirs.admin.users.list()).rejects.toMatchObject({ reason: "FORBIDDEN", status: 403 })
})

test("a search for a whole key sends only its public part", async () => {
  await using raw = await startRawServer((socket) =>
    respond(socket, 200, result({ items: [], nextCursor: null })),
  )
  const key = "0123456789abcdef".repeat(4)
  await createLatchkey({ baseUrl: raw.url }).admin.apiKeys.list({ search: ` ${key}\n` })
  expect(raw.requests.join()).toContain(key.slice(0, 16))
  expect(raw.requests.join()).not.toContain(key.slice(0, 17))
})
