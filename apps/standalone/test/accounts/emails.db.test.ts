import { randomUUID } from "node:crypto"
import { connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
})
afterAll(() => server[Symbol.asyncDispose]())

const password = randomUUID()

const call = (path: string, email: string) => rest(server.url, "POST", path, { body: { email, password } })

test("an internationalized domain and its ASCII form are the same account", async () => {
  const user = randomUUID()
  const asciiEmail = `${user}@xn--80a1acny.xn--p1ai`

  const registered = await call("/auth/register", `${user}@почта.рф`)

  expect(registered).toMatchObject({ status: 201, body: { user: { email: asciiEmail } } })
  for (const email of [asciiEmail, `${user.toUpperCase()}@Почта.РФ`, asciiEmail.toUpperCase()]) {
    expect(await call("/auth/login", email)).toMatchObject({
      status: 200,
      body: { user: registered.body.user },
    })
    expect(await call("/auth/register", email)).toMatchObject({ status: 409 })
  }
})

test("ADMIN_EMAILS and searches accept internationalized domains", async () => {
  const user = randomUUID()
  await using admin = await startTestServer({ ...server.shared, ADMIN_EMAILS: `${user}@почта.рф` })
  const body = { email: `${user}@xn--80a1acny.xn--p1ai`, password }
  const { accessToken } = (await rest(admin.url, "POST", "/auth/register", { body })).body
  await rest(admin.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  for (const list of ["users", "apikeys"]) {
    const search = encodeURIComponent(`${user}@почта.рф`)
    const found = await rest(admin.url, "GET", `/auth/admin/${list}?search=${search}`, { accessToken })
    expect(found).toMatchObject({ status: 200, body: { items: [{}] } })
  }
})

test("users with an email that new accounts may not have can still sign in", async () => {
  const { email, password, user } = await register(server.url)
  const longEmail = `${"x".repeat(70)}-${user.id}@company.tld`
  const sql = connect(server.shared.DATABASE_URL)
  await sql`update owners set email = ${longEmail} where id = ${user.id}`
  await sql.end()
  const body = { email: longEmail.toUpperCase(), password }

  expect(await rest(server.url, "POST", "/auth/login", { body })).toMatchObject({ status: 200 })
  expect(
    await rest(server.url, "POST", "/auth/register", { body: { ...body, email: `x${longEmail}` } }),
  ).toMatchObject({
    status: 400,
    body: { reason: "INVALID_INPUT", issues: [{ path: ["email"] }] },
  })
  expect((await rest(server.url, "POST", "/auth/login", { body: { email, password } })).status).toBe(401)
})
