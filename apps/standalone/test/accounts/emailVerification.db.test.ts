import { randomUUID } from "node:crypto"
import { connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"
import { startMailServer } from "./startMailServer.ts"

const newEmail = () => `${randomUUID()}@company.tld`
const [named, late, squatted, next] = [newEmail(), newEmail(), newEmail(), newEmail()]

let mail: Awaited<ReturnType<typeof startMailServer>>
let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: Sql
let variables: Record<string, string>
beforeAll(async () => {
  mail = await startMailServer()
  variables = { ...mail.variables, ADMIN_EMAILS: [named, late, squatted, next].join() }
  server = await startServerOnPostgres(inject("postgresUrl"), variables)
  sql = connect(server.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
  await mail[Symbol.asyncDispose]()
})

const verify = (token: string, accessToken?: string) =>
  rest(server.url, "POST", "/auth/email/verify", { body: { token }, ...(accessToken && { accessToken }) })
const requestLink = (accessToken: string, url = server.url) =>
  rest(url, "POST", "/auth/email/verification-request", { accessToken })
const account = async (accessToken: string) =>
  (await rest(server.url, "GET", "/auth/account", { accessToken })).body
const roleOf = async (accessToken: string, url = server.url) =>
  (await rest(url, "GET", "/auth/me", { accessToken })).body.role
const registerAs = async (email: string, url = server.url) =>
  (await rest(url, "POST", "/auth/register", { body: { email, password: randomUUID() } })).body

test("a new account gets a link by mail, which verifies the email once", async () => {
  const { email, accessToken } = await register(server.url)
  const token = await mail.tokenFor(email)
  expect(mail.mails.at(-1)?.source).toContain(`https://keys.company.tld/verify-email#token=${token}`)
  expect(await account(accessToken)).toMatchObject({ emailVerified: false, canVerifyEmail: true })

  expect(await verify(token)).toMatchObject({ status: 204, body: null })

  expect(await account(accessToken)).toMatchObject({ emailVerified: true, canVerifyEmail: false })
  expect(await verify(token)).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  const { items } = (await rest(server.url, "GET", "/auth/audit", { accessToken })).body
  expect(items[0]).toMatchObject({ kind: "emailVerified", via: "link" })
})

test("another link replaces the first, and a verified account gets none", async () => {
  const { email, accessToken } = await register(server.url)
  const first = await mail.tokenFor(email)
  expect((await requestLink(accessToken)).status).toBe(202)
  const second = await mail.tokenFor(email, 2)
  expect((await verify(first)).status).toBe(404)
  expect((await verify(second)).status).toBe(204)
  expect((await requestLink(accessToken)).status).toBe(202)
  // Mails are sent in order, so this one would have come before that of the next account.
  const next = await register(server.url)
  await mail.tokenFor(next.email)
  expect(mail.mails.filter(({ to }) => to.includes(email))).toHaveLength(2)
})

test("a link expires after a day, and can't be used to set a password", async () => {
  const { email, user } = await register(server.url)
  const token = await mail.tokenFor(email)
  const body = { token, newPassword: randomUUID() }
  expect((await rest(server.url, "POST", "/auth/password/reset", { body })).status).toBe(404)
  await sql`update account_tokens set expires_at = expires_at - interval '1 day' where user_id = ${user.id}`
  expect((await verify(token)).status).toBe(404)
})

test("a new account with an email in ADMIN_EMAILS is an administrator once it is verified, also after a restart", async () => {
  const { accessToken } = await registerAs(named)
  expect(await roleOf(accessToken)).toBe("user")
  {
    await using restarted = await startTestServer({ ...server.shared, ...variables })
    expect(await roleOf(accessToken, restarted.url)).toBe("user")
  }
  await verify(await mail.tokenFor(named), accessToken)
  expect(await roleOf(accessToken)).toBe("admin")
  await using restarted = await startTestServer({ ...server.shared, ...variables })
  expect(await roleOf(accessToken, restarted.url)).toBe("admin")
})

test("opening the mail's link does not make a stranger's account with that email an administrator", async () => {
  const stranger = await registerAs(squatted)
  const token = await mail.tokenFor(squatted)
  const other = await register(server.url)

  const refused = { status: 403, body: { reason: "FORBIDDEN" } }
  expect(await verify(token)).toMatchObject(refused)
  expect(await verify(token, other.accessToken)).toMatchObject(refused)
  expect(await verify(token, "ended")).toMatchObject({ status: 401 })

  expect(await account(stranger.accessToken)).toMatchObject({ emailVerified: false })
  expect(await roleOf(stranger.accessToken)).toBe("user")
  // The link is still good for whoever is signed in to the account.
  expect((await verify(token, stranger.accessToken)).status).toBe(204)
})

test("if an email is added to ADMIN_EMAILS later, it must be verified again, unless that was done while signed in", async () => {
  const [without, signedIn] = [await register(server.url), await register(server.url)]
  await verify(await mail.tokenFor(without.email))
  await verify(await mail.tokenFor(signedIn.email), signedIn.accessToken)

  const ADMIN_EMAILS = `${without.email},${signedIn.email}`
  await using renamed = await startTestServer({ ...server.shared, ...variables, ADMIN_EMAILS })

  expect(await roleOf(signedIn.accessToken, renamed.url)).toBe("admin")
  const { accessToken } = without
  expect(await roleOf(accessToken, renamed.url)).toBe("user")
  const state = await rest(renamed.url, "GET", "/auth/account", { accessToken })
  expect(state.body).toMatchObject({ emailVerified: true, canVerifyEmail: true })
  expect((await requestLink(accessToken, renamed.url)).status).toBe(202)
  const body = { token: await mail.tokenFor(without.email, 2) }
  await rest(renamed.url, "POST", "/auth/email/verify", { accessToken, body })
  expect(await roleOf(accessToken, renamed.url)).toBe("admin")
})

test("a link that an administrator made to set a user's password ends when the user becomes an administrator", async () => {
  const [admin, user, restarted] = [
    await register(server.url),
    await registerAs(next),
    await register(server.url),
  ]
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const linkFor = async (id: string) =>
    (await rest(server.url, "POST", `/auth/admin/users/${id}/reset-link`, { accessToken: admin.accessToken }))
      .body.token as string
  const [first, second] = [await linkFor(user.user.id), await linkFor(restarted.user.id)]
  const statusOfReset = async (token: string) =>
    (await rest(server.url, "POST", "/auth/password/reset", { body: { token, newPassword: randomUUID() } }))
      .status

  await verify(await mail.tokenFor(next), user.accessToken)
  expect(await roleOf(user.accessToken)).toBe("admin")
  expect(await statusOfReset(first)).toBe(404)

  await sql`update owners set must_verify_email = false where id = ${restarted.user.id}`
  const ADMIN_EMAILS = restarted.email
  await using again = await startTestServer({ ...server.shared, ...variables, ADMIN_EMAILS })
  expect(await roleOf(restarted.accessToken, again.url)).toBe("admin")
  expect(await statusOfReset(second)).toBe(404)
})

test("an account from before mails were sent is an administrator without verifying its email", async () => {
  const { ADMIN_EMAILS = "" } = variables
  await using earlier = await startTestServer({ ...server.shared, ADMIN_EMAILS })
  const { accessToken } = await registerAs(late, earlier.url)
  expect(await roleOf(accessToken, earlier.url)).toBe("admin")
  expect(await requestLink(accessToken, earlier.url)).toMatchObject({
    status: 403,
    body: { reason: "FORBIDDEN" },
  })
  await using restarted = await startTestServer({ ...server.shared, ...variables })
  expect(await roleOf(accessToken, restarted.url)).toBe("admin")
})

test("requests for links are limited for each account", async () => {
  await using limited = await startTestServer({ ...server.shared, ...variables, RATE_LIMIT_FACTOR: "1" })
  const { accessToken } = await register(server.url)
  const statuses: number[] = []
  for (let count = 0; count < 6; count++) statuses.push((await requestLink(accessToken, limited.url)).status)
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
})
