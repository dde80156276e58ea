import { randomUUID } from "node:crypto"
import { connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { startMailServer } from "./startMailServer.ts"

let mail: Awaited<ReturnType<typeof startMailServer>>
let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: Sql
beforeAll(async () => {
  mail = await startMailServer()
  server = await startServerOnPostgres(inject("postgresUrl"), mail.variables)
  sql = connect(server.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
  await mail[Symbol.asyncDispose]()
})

type Account = Awaited<ReturnType<typeof register>>

const call = (method: string, path: string, { accessToken }: { accessToken: string }, body?: object) =>
  rest(server.url, method, path, { accessToken, ...(body && { body }) })

const reset = (token: string, newPassword: string = randomUUID()) =>
  rest(server.url, "POST", "/auth/password/reset", { body: { token, newPassword } })

async function signIn({ email, password }: Pick<Account, "email" | "password">) {
  const { status, body } = await rest(server.url, "POST", "/auth/login", { body: { email, password } })
  expect(status).toBe(200)
  return body as Pick<Account, "accessToken" | "refreshToken">
}

async function registerAdmin() {
  const admin = await register(server.url)
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  return admin
}

const createLink = async (id: string, by: { accessToken: string }) =>
  (await call("POST", `/auth/admin/users/${id}/reset-link`, by)).body.token as string

const findSession = async ({ accessToken }: { accessToken: string }) => {
  const { body } = await call("GET", "/auth/sessions", { accessToken })
  return body.items.find(({ current }: { current: boolean }) => current).id as string
}

/** What an administrator, or another one, does after a thief has used one of the administrator's sessions. */
const ENDS: Record<
  string,
  (admin: Account, stolen: Pick<Account, "accessToken" | "refreshToken">) => Promise<unknown>
> = {
  "their session has been ended": async (admin, stolen) =>
    expect((await call("DELETE", `/auth/sessions/${await findSession(stolen)}`, admin)).status).toBe(204),
  "all their other sessions have been ended": async (admin) =>
    expect((await call("DELETE", "/auth/sessions", admin)).status).toBe(204),
  "their password has been changed": async (admin) => {
    const body = { currentPassword: admin.password, newPassword: randomUUID() }
    expect((await call("POST", "/auth/password", admin, body)).status).toBe(204)
  },
  "their password has been set by a link": async (admin) => {
    await mail.tokenFor(admin.email)
    await rest(server.url, "POST", "/auth/password/reset-request", { body: { email: admin.email } })
    expect((await reset(await mail.tokenFor(admin.email, 2))).status).toBe(204)
  },
  "an old refresh token of their session has been used": async (_, { refreshToken }) => {
    for (const status of [200, 401]) {
      expect((await rest(server.url, "POST", "/auth/refresh", { body: { refreshToken } })).status).toBe(
        status,
      )
    }
  },
  "they have been disabled": async (admin) => {
    const other = await registerAdmin()
    expect((await call("POST", `/auth/admin/users/${admin.user.id}/disable`, other)).status).toBe(204)
  },
  "they have been erased": async (admin) => {
    const other = await registerAdmin()
    expect((await call("DELETE", `/auth/admin/users/${admin.user.id}`, other)).status).toBe(204)
  },
  "they are no longer an administrator": async () => {
    // A server that starts without ADMIN_EMAILS takes the role away.
    await using _ = await startTestServer(server.shared)
  },
}

test.for(Object.entries(ENDS))(
  "a link that an administrator has created is not valid once %s",
  async ([, end]) => {
    const [admin, user] = [await registerAdmin(), await register(server.url)]
    const stolen = await signIn(admin)
    const token = await createLink(user.user.id, stolen)

    await end(admin, stolen)

    expect(await reset(token)).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
    await signIn(user)
  },
)

test("a link stays valid when the administrator has signed out, or has ended another session", async () => {
  const admin = await registerAdmin()
  const session = await signIn(admin)
  for (const end of [
    () => call("DELETE", "/auth/sessions", session),
    () => call("POST", "/auth/logout", session),
  ]) {
    const user = await register(server.url)
    const token = await createLink(user.user.id, session)
    await end()
    expect((await reset(token)).status).toBe(204)
  }
})

test("a mailed link that replaces an administrator's stays valid when the administrator is disabled", async () => {
  const [admin, user] = [await registerAdmin(), await register(server.url)]
  await createLink(user.user.id, admin)
  await mail.tokenFor(user.email)
  await rest(server.url, "POST", "/auth/password/reset-request", { body: { email: user.email } })
  const token = await mail.tokenFor(user.email, 2)

  await call("POST", `/auth/admin/users/${admin.user.id}/disable`, await registerAdmin())

  expect((await reset(token)).status).toBe(204)
})
