import { randomUUID } from "node:crypto"
import { rm } from "node:fs/promises"
import { restOperations } from "@latchkey/api"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer, type TestServer } from "../testServer.ts"

const credentials = { email: "ada@company.tld", password: "a good long password" }

/** Two instances that share a database. */
let here: Awaited<ReturnType<typeof startServerOnPostgres>>
let there: TestServer
let admin: string
beforeAll(async () => {
  here = await startServerOnPostgres(inject("postgresUrl"), { ADMIN_EMAILS: "Ada@Company.tld" })
  there = await startTestServer({ ...here.shared, ADMIN_EMAILS: credentials.email })
  admin = (await rest(here.url, "POST", "/auth/register", { body: credentials })).body.accessToken
})
afterAll(async () => {
  await there[Symbol.asyncDispose]()
  await here[Symbol.asyncDispose]()
})

async function registerWithKey() {
  const user = await register(here.url)
  const { accessToken } = user
  const { body } = await rest(here.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  return { ...user, key: body.key as string, keyId: body.id as string }
}

const act = (id: string, action: "disable" | "enable", accessToken = admin) =>
  rest(here.url, "POST", `/auth/admin/users/${id}/${action}`, { accessToken })

const statusThere = async (call: { accessToken?: string; apiKey?: string }) =>
  (await rest(there.url, "GET", "/auth/me", call)).status

test("the server warns about ADMIN_EMAILS without an account, and a user who registers with one is an administrator", async () => {
  expect(here.log.join()).toMatch(/"level":40.*ADMIN_EMAILS: 1 without an account/)
  expect((await rest(there.url, "GET", "/auth/me", { accessToken: admin })).body.role).toBe("admin")
})

test("disabling a user on one instance applies to the next call on another; enabling restores keys and sign-in, but not sessions", async () => {
  const user = await registerWithKey()
  expect(await statusThere(user)).toBe(200)
  expect(await statusThere({ apiKey: user.key })).toBe(200)

  expect(await act(user.user.id, "disable")).toMatchObject({ status: 204, body: null })

  expect(await statusThere(user)).toBe(401)
  expect(await statusThere({ apiKey: user.key })).toBe(401)
  const { email, password, refreshToken } = user
  const refresh = await rest(there.url, "POST", "/auth/refresh", { body: { refreshToken } })
  expect(refresh).toMatchObject({ status: 401, body: { reason: "UNAUTHENTICATED" } })
  const login = () => rest(there.url, "POST", "/auth/login", { body: { email, password } })
  expect(await login()).toMatchObject({ status: 401, body: { reason: "LOGIN_FAILED" } })

  expect((await act(user.user.id, "enable")).status).toBe(204)
  expect(await statusThere({ apiKey: user.key })).toBe(200)
  expect(await statusThere(user)).toBe(401)
  expect((await login()).status).toBe(200)
})

test("both surfaces refuse anonymous callers, users and administrators' keys", async () => {
  const user = await registerWithKey()
  const { body } = await rest(here.url, "POST", "/auth/apikeys", { accessToken: admin, body: { label: "x" } })
  const operations = restOperations.filter(({ procedure }) => procedure.startsWith("admin."))
  expect(operations).toHaveLength(12)
  for (const { procedure, kind, method, path, params = {} } of operations) {
    const input = Object.fromEntries(
      Object.values(params).map((field) => [
        field,
        field === "id" && path.includes("keys") ? user.keyId : user.user.id,
      ]),
    )
    const restPath = path.replace(/\{\w+\}/, input.id ?? "")
    const query = kind === "query" ? "" : undefined
    for (const [credential, status, reason] of [
      [{}, 401, "UNAUTHENTICATED"],
      [{ accessToken: user.accessToken }, 403, "FORBIDDEN"],
      [{ apiKey: user.key }, 403, "FORBIDDEN"],
      [{ apiKey: body.key }, 403, "FORBIDDEN"],
    ] as const) {
      const overRest = await rest(here.url, method, restPath, credential)
      expect(overRest, `${procedure} over REST`).toMatchObject({ status, body: { reason } })
      const overTrpc =
        query === undefined
          ? await rest(here.url, "POST", `/trpc/${procedure}`, { ...credential, body: { json: input } })
          : await rest(here.url, "GET", `/trpc/${procedure}`, credential)
      expect(overTrpc, `${procedure} over tRPC`).toMatchObject({
        status,
        body: { error: { json: { data: { reason } } } },
      })
    }
  }
  expect(await statusThere({ apiKey: user.key })).toBe(200)
})

test("lists can be searched and paged over REST, and contain no secret", async () => {
  const user = await registerWithKey()
  const get = async (path: string) => (await rest(here.url, "GET", path, { accessToken: admin })).body
  const found = await get(`/auth/admin/users?search=${user.email}`)
  expect(found).toEqual({
    items: [
      {
        ...user.user,
        issuer: "latchkey",
        subject: user.user.id,
        disabledAt: null,
        activeKeys: 1,
        hasSecondFactor: false,
      },
    ],
    nextCursor: null,
  })
  for (const search of [user.email, user.key, user.keyId]) {
    const keys = await get(`/auth/admin/apikeys?search=${search}`)
    expect(keys.items.map(({ id }: { id: string }) => id)).toEqual([user.keyId])
    expect(JSON.stringify(keys)).not.toContain(user.key.slice(8))
  }
  const first = await get("/auth/admin/users?limit=1")
  const second = await get(`/auth/admin/users?limit=1&cursor=${first.nextCursor}`)
  expect(second.items[0].id).not.toBe(first.items[0].id)
  expect(await get("/auth/admin/users?cursor=x")).toMatchObject({ reason: "INVALID_INPUT" })
  expect(await get("/auth/admin/users?status=gone")).toMatchObject({ reason: "INVALID_INPUT" })
  expect(here.log.join()).not.toContain(user.key.slice(16))
})

test("a user of the product can be disabled over REST before they are first seen", async () => {
  const disable = (body: object) =>
    rest(here.url, "POST", "/auth/admin/users/disable", { accessToken: admin, body })
  expect((await disable({ issuer: "host", subject: "org_42" })).status).toBe(204)

  const found = await rest(here.url, "GET", "/auth/admin/users?search=ORG_", { accessToken: admin })
  expect(found.body.items).toMatchObject([
    {
      issuer: "host",
      subject: "org_42",
      email: null,
      disabledAt: expect.any(String),
      activeKeys: 0,
      hasSecondFactor: false,
    },
  ])
  expect((await act(found.body.items[0].id, "enable")).status).toBe(204)
  expect(await disable({ issuer: "elsewhere", subject: "org_42" })).toMatchObject({
    status: 400,
    body: { issues: [{ path: ["issuer"] }] },
  })
  expect(await disable({ id: "x", issuer: "host", subject: "org_42" })).toMatchObject({ status: 400 })
})

test("an erased user is rejected by every instance and in no list, and their email is free", async () => {
  const user = await registerWithKey()
  const erase = (id: string) => rest(here.url, "DELETE", `/auth/admin/users/${id}`, { accessToken: admin })
  expect(await erase(user.user.id)).toMatchObject({ status: 204, body: null })

  expect(await statusThere(user)).toBe(401)
  expect(await statusThere({ apiKey: user.key })).toBe(401)
  const { email, password } = user
  const body = { email, password }
  expect((await rest(there.url, "POST", "/auth/login", { body })).status).toBe(401)
  for (const path of [`users?search=${email}`, `apikeys?status=all&userId=${user.user.id}`]) {
    const { body } = await rest(there.url, "GET", `/auth/admin/${path}`, { accessToken: admin })
    expect(body.items).toEqual([])
  }
  expect((await act(user.user.id, "enable")).status).toBe(404)
  expect((await act(user.user.id, "disable")).status).toBe(204)
  expect((await erase(user.user.id)).status).toBe(204)
  const again = await rest(there.url, "POST", "/auth/register", { body })
  expect(again.status).toBe(201)
  expect(again.body.user.id).not.toBe(user.user.id)
  expect(await statusThere(user)).toBe(401)
})

test("an account whose email is in ADMIN_EMAILS can't be erased: whoever registers the email again would be an administrator", async () => {
  const email = `${randomUUID()}@company.tld`
  const password = randomUUID()
  const variables = { ...here.shared, ADMIN_EMAILS: `${credentials.email}, ${email}` }
  {
    await using server = await startTestServer(variables)
    const { user } = (await rest(server.url, "POST", "/auth/register", { body: { email, password } })).body
    expect(user.role).toBe("admin")
    const erased = await rest(server.url, "DELETE", `/auth/admin/users/${user.id}`, { accessToken: admin })
    expect(erased).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
    const again = await rest(server.url, "POST", "/auth/register", { body: { email, password } })
    expect(again).toMatchObject({ status: 409, body: { reason: "EMAIL_TAKEN" } })
    expect((await rest(server.url, "POST", "/auth/login", { body: { email, password } })).status).toBe(200)
  }
  await using restarted = await startTestServer({ ...variables, ADMIN_EMAILS: credentials.email })
  const { user } = (await rest(restarted.url, "POST", "/auth/login", { body: { email, password } })).body
  const erased = await rest(restarted.url, "DELETE", `/auth/admin/users/${user.id}`, { accessToken: admin })
  expect(erased.status).toBe(204)
  const again = await rest(restarted.url, "POST", "/auth/register", { body: { email, password } })
  expect(again.body.user.role).toBe("user")
})

test("a user of the product can be erased over REST before they are first seen", async () => {
  const erase = (body: object) =>
    rest(here.url, "POST", "/auth/admin/users/erase", { accessToken: admin, body })
  expect((await erase({ issuer: "host", subject: "org_erased" })).status).toBe(204)
  expect((await erase({ issuer: "host", subject: "org_erased" })).status).toBe(204)
  const enable = { accessToken: admin, body: { issuer: "host", subject: "org_erased" } }
  expect((await rest(here.url, "POST", "/auth/admin/users/enable", enable)).status).toBe(404)
  const found = await rest(here.url, "GET", "/auth/admin/users?search=org_erased", { accessToken: admin })
  expect(found.body.items).toEqual([])
  expect((await erase({ issuer: "elsewhere", subject: "org_42" })).status).toBe(400)
})

test("administrators can't disable or erase themselves, and unknown ids are not found", async () => {
  const me = await rest(here.url, "GET", "/auth/me", { accessToken: admin })
  expect(await act(me.body.id, "disable")).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  const own = await rest(here.url, "DELETE", `/auth/admin/users/${me.body.id}`, { accessToken: admin })
  expect(own).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  expect(await act("x", "disable")).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  const path = "/auth/admin/apikeys/x"
  expect(await rest(here.url, "DELETE", path, { accessToken: admin })).toMatchObject({ status: 404 })
})

test("a user whose email was removed from ADMIN_EMAILS loses the role when a server starts", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"))
  const { email, password } = await register(server.url)
  const roleFor = async (ADMIN_EMAILS: string) => {
    await using restarted = await startTestServer({ ...server.shared, ADMIN_EMAILS })
    return (await rest(restarted.url, "POST", "/auth/login", { body: { email, password } })).body.user.role
  }
  expect(await roleFor(email.toUpperCase())).toBe("admin")
  expect(await roleFor("")).toBe("user")
})

test("with the embedded database, the first account is the administrator, even after a restart", async () => {
  const folder = await newMigratedEmbeddedFolder()
  try {
    const [first, second] = [credentials, { ...credentials, email: "bob@company.tld" }]
    {
      await using server = await startTestServer({ DATA_DIR: folder })
      const roles = []
      for (const body of [first, second]) {
        roles.push((await rest(server.url, "POST", "/auth/register", { body })).body.user.role)
      }
      expect(roles).toEqual(["admin", "user"])
    }
    await using server = await startTestServer({ DATA_DIR: folder })
    const { body } = await rest(server.url, "POST", "/auth/login", { body: first })
    expect(body.user.role).toBe("admin")
    const { accessToken } = body
    expect((await rest(server.url, "GET", "/auth/admin/users", { accessToken })).body.items).toHaveLength(2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
