import { randomUUID } from "node:crypto"
import { connect, eventually, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, registerWithKey, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { startMailServer } from "./startMailServer.ts"

let mail: Awaited<ReturnType<typeof startMailServer>>
let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: Sql
let admin: Awaited<ReturnType<typeof register>>
beforeAll(async () => {
  mail = await startMailServer()
  server = await startServerOnPostgres(inject("postgresUrl"), {
    ...mail.variables,
    PRODUCT_NAME: "Tide <& Sons>",
  })
  sql = connect(server.shared.DATABASE_URL)
  admin = await register(server.url)
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
  await mail[Symbol.asyncDispose]()
})

const post = (path: string, body: object, url = server.url) => rest(url, "POST", path, { body })
const request = (email: string) => post("/auth/password/reset-request", { email })
const reset = (token: string, newPassword: string = randomUUID()) =>
  post("/auth/password/reset", { token, newPassword })
const createLink = (id: string, accessToken = admin.accessToken) =>
  rest(server.url, "POST", `/auth/admin/users/${id}/reset-link`, { accessToken })

const INVALID_LINK = { status: 404, body: { reason: "NOT_FOUND" } }

async function requestLink(email: string) {
  // Mails that are sent at the same moment arrive in any order, and a new account gets one that verifies its email.
  await mail.tokenFor(email)
  const before = mail.mails.filter(({ to }) => to.includes(email)).length
  expect((await request(email)).status).toBe(202)
  return mail.tokenFor(email, before + 1)
}

test("a link from a mail sets the password once, ends all sessions, and leaves the keys", async () => {
  const user = await registerWithKey(server.url)
  const token = await requestLink(user.email)
  const newPassword = randomUUID()

  expect(await reset(token, newPassword)).toMatchObject({ status: 204, body: null })

  expect(await reset(token)).toMatchObject(INVALID_LINK)
  for (const [call, status] of [
    [{ accessToken: user.accessToken }, 401],
    [{ apiKey: user.apiKey }, 200],
  ] as const) {
    expect((await rest(server.url, "GET", "/auth/me", call)).status).toBe(status)
  }
  expect((await post("/auth/refresh", { refreshToken: user.refreshToken })).status).toBe(401)
  expect((await post("/auth/login", { email: user.email, password: user.password })).status).toBe(401)
  const login = await post("/auth/login", { email: user.email, password: newPassword })
  const { accessToken } = login.body
  const { body } = await rest(server.url, "GET", "/auth/audit", { accessToken })
  expect(body.items.map(({ kind, via }: { kind: string; via: string }) => [kind, via]).slice(0, 4)).toEqual([
    ["loggedIn", "password"],
    ["loginFailed", "password"],
    ["passwordReset", "link"],
    ["passwordResetRequested", "link"],
  ])
})

test("the mail has both forms, and the token only in the fragment of a link to the public URL", async () => {
  const { email } = await register(server.url)
  const token = await requestLink(email)
  const { source = "" } = mail.mails.at(-1) ?? {}
  expect(source).toContain("Subject: Set a new password for Tide <& Sons>")
  expect(source).toContain('From: "Tide <& Sons>" <no-reply@keys.company.tld>')
  expect(source).toContain("your Tide <& Sons> account at keys.company.tld")
  expect(source).toContain("your Tide &lt;&amp; Sons&gt; account at keys.company.tld")
  expect(source).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*text\/html/)
  const links = source.match(/https?:\/\/[^\s"<]+/g)
  expect(new Set(links)).toEqual(new Set([`https://keys.company.tld/reset-password#token=${token}`]))
})

test("the response to a request is the same for an unknown email, and no mail is sent", async () => {
  const { email } = await register(server.url)
  const [known, unknown] = [await request(email), await request(`${randomUUID()}@company.tld`)]
  await mail.tokenFor(email)
  const shape = ({ status, body, headers }: typeof known) => ({
    ...{ status, body, names: [...headers.keys()] },
    quota: headers.get("ratelimit-policy"),
  })
  expect(shape(unknown)).toEqual(shape(known))
  expect(mail.mails.flatMap(({ to }) => to).filter((to) => to.endsWith("@company.tld"))).toEqual([])
})

test.each([
  ["a newer link", (email: string) => requestLink(email)],
  [
    "a change of the password",
    async (email: string, password: string) => {
      const { accessToken } = (await post("/auth/login", { email, password })).body
      const body = { currentPassword: password, newPassword: randomUUID() }
      expect((await rest(server.url, "POST", "/auth/password", { accessToken, body })).status).toBe(204)
    },
  ],
  [
    "disabling the account, also once it is enabled again",
    async (email: string) => {
      const [user] = await sql`select id from owners where email = ${email}`
      for (const action of ["disable", "enable"]) {
        const path = `/auth/admin/users/${user?.id}/${action}`
        expect((await rest(server.url, "POST", path, { accessToken: admin.accessToken })).status).toBe(204)
      }
    },
  ],
  [
    "an hour",
    (email: string) => sql`
      update account_tokens set expires_at = expires_at - interval '1 hour'
      where user_id = (select id from owners where email = ${email})`,
  ],
])("%s ends a link", async (_, end) => {
  const { email, password } = await register(server.url)
  const token = await requestLink(email)
  await end(email, password)
  expect(await reset(token)).toMatchObject(INVALID_LINK)
})

test("a weak password is refused and does not use up the link; a text that is not a token is refused like an unknown link", async () => {
  const { email } = await register(server.url)
  const token = await requestLink(email)
  expect(await reset(token, "short")).toMatchObject({
    status: 400,
    body: { reason: "INVALID_INPUT", issues: [{ path: ["newPassword"] }] },
  })
  for (const text of ["", "x", `${token}=`, `${token}A`, token.toLowerCase(), "A".repeat(10_000)]) {
    expect(await reset(text)).toMatchObject(INVALID_LINK)
  }
  expect((await reset(token)).status).toBe(204)
})

test("an administrator can create a link for a user, but not for administrators, disabled users or other owners", async () => {
  const user = await register(server.url)
  const { status, body } = await createLink(user.user.id)
  expect({ status, body }).toEqual({
    status: 201,
    body: {
      token: expect.stringMatching(/^[\w-]{43}$/),
      url: `https://keys.company.tld/reset-password#token=${body.token}`,
      expiresAt: expect.any(String),
    },
  })
  expect((await reset(body.token)).status).toBe(204)

  expect((await createLink(admin.user.id)).status).toBe(403)
  const [other] = await sql`
    insert into owners (id, issuer, subject) values (gen_random_uuid(), 'host', ${randomUUID()}) returning id`
  for (const id of [randomUUID(), "x", other?.id]) expect((await createLink(id)).status).toBe(404)
  await sql`update owners set disabled_at = now() where id = ${user.user.id}`
  expect(await createLink(user.user.id)).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
})

test("without SMTP_URL, a request says so for any email, and an administrator's link has no URL without PUBLIC_URL", async () => {
  await using other = await startTestServer(server.shared)
  // A server that starts without ADMIN_EMAILS takes the role away.
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const refused = await post("/auth/password/reset-request", { email: admin.email }, other.url)
  expect(refused).toMatchObject({ status: 403, body: { reason: "FORBIDDEN" } })
  const user = await register(other.url)
  const path = `/auth/admin/users/${user.user.id}/reset-link`
  const { body } = await rest(other.url, "POST", path, { accessToken: admin.accessToken })
  expect(body.url).toBeNull()
})

test("a mail that the SMTP server refuses is reported in the log without the token", async () => {
  const { email } = await register(server.url)
  mail.refuse("spam:")
  const token = await requestLink(email)
  mail.refuse(undefined)
  await eventually(() => expect(server.log.join("")).toMatch(/"MailNotSent","code":"EMESSAGE 450"/))
  expect(server.log.join("")).not.toContain(token)
})

test("requests are limited by address and by email, whether or not the email is known", async () => {
  const limits = { RATE_LIMIT_FACTOR: "1", TRUST_PROXY: "1" }
  await using limited = await startTestServer({ ...server.shared, ...mail.variables, ...limits })
  const email = `${randomUUID()}@company.tld`
  const requests = (to: () => string, count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        rest(limited.url, "POST", "/auth/password/reset-request", {
          body: { email: to() },
          headers: { "x-forwarded-for": "192.0.2.7" },
        }).then(({ status }) => status),
      ),
    )
  expect((await requests(() => email, 7)).sort()).toEqual([202, 202, 202, 202, 202, 429, 429])
  const others = await requests(() => `${randomUUID()}@company.tld`, 25)
  expect(others.filter((status) => status === 429)).toHaveLength(2)
})
