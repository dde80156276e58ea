import { randomUUID } from "node:crypto"
import { connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest"
import { challengeOf, codeOf, registerWithApp, stopClock, wrongCodeOf } from "./authenticatorApp.ts"
import {
  newSecret,
  type RestCall,
  register,
  rest,
  startServerOnPostgres,
  startTestServer,
} from "./testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: Sql
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"))
  sql = connect(server.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
})
beforeEach(stopClock)

const post = (path: string, body: object, call: RestCall = {}, url = server.url) =>
  rest(url, "POST", path, { ...call, body })
const login = (body: object, url = server.url) => post("/auth/login", body, {}, url)
const meStatus = async (accessToken: string) =>
  (await rest(server.url, "GET", "/auth/me", { accessToken })).status
const account = async (accessToken: string) =>
  (await rest(server.url, "GET", "/auth/account", { accessToken })).body
const kinds = async (accessToken: string) =>
  (await rest(server.url, "GET", "/auth/audit", { accessToken })).body.items.map(
    ({ kind }: { kind: string }) => kind,
  )
const wrong = (field: string) => ({
  status: 401,
  body: { reason: "LOGIN_FAILED", issues: [{ path: [field] }] },
})
const allowCodesAgain = (id: string) => sql`update second_factors set last_step = -1 where user_id = ${id}`

test("the app is set up with the password and a code, which ends other sessions and gives recovery codes once", async () => {
  const user = await register(server.url)
  const { accessToken, email, password } = user
  const other = (await login({ email, password })).body.accessToken
  expect(await account(accessToken)).toEqual({
    emailVerified: false,
    canVerifyEmail: false,
    secondFactor: { enabledAt: null, recoveryCodes: 0, required: false },
  })

  const begin = (currentPassword: string) => post("/auth/second-factor", { currentPassword }, { accessToken })
  expect(await begin("not the password")).toMatchObject(wrong("currentPassword"))
  const first = await begin(password)
  const { status, body } = await begin(password)
  expect(status).toBe(201)
  expect(body.uri).toMatch(
    new RegExp(`^otpauth://totp/Latchkey:[^?]+\\?.*secret=${body.secret}.*digits=6&period=30`),
  )
  const confirm = (totp: string) => post("/auth/second-factor/confirm", { totp }, { accessToken })
  // Beginning again has replaced the secret, and nothing is in force yet.
  expect(await confirm(codeOf(first.body.secret))).toMatchObject(wrong("totp"))
  expect((await login({ email, password })).status).toBe(200)

  const confirmed = await confirm(codeOf(body.secret))

  expect(confirmed.status).toBe(200)
  expect(new Set(confirmed.body.recoveryCodes).size).toBe(10)
  expect([await meStatus(accessToken), await meStatus(other)]).toEqual([200, 401])
  expect((await account(accessToken)).secondFactor).toMatchObject({
    enabledAt: expect.any(String),
    recoveryCodes: 10,
  })
  expect((await begin(password)).body.reason).toBe("SECOND_FACTOR_EXISTS")
  expect((await confirm(codeOf(body.secret))).status).toBe(404)
  expect(await kinds(accessToken)).toContain("secondFactorEnabled")
})

test("a sign-in needs a code of the app, and each code works once", async () => {
  const { email, password, secret, user } = await registerWithApp(server.url)
  const refused = await login({ email, password })
  expect(refused).toMatchObject({
    status: 401,
    body: { reason: "SECOND_FACTOR_REQUIRED", methods: ["totp", "recoveryCode"] },
  })
  expect(refused.body).not.toHaveProperty("accessToken")
  const { challenge } = refused.body
  expect(await login({ challenge, totp: wrongCodeOf(secret) })).toMatchObject(wrong("totp"))

  const totp = codeOf(secret)
  const signedIn = await login({ email, password, challenge, totp })

  expect(signedIn).toMatchObject({ status: 200, body: { user, refreshToken: expect.any(String) } })
  expect(await meStatus(signedIn.body.accessToken)).toBe(200)
  expect(await login({ challenge, totp: codeOf(secret, 1) })).toMatchObject(wrong("challenge"))
  const next = await challengeOf(server.url, { email, password })
  expect(await login({ challenge: next, totp })).toMatchObject(wrong("totp"))
  // An earlier code than the last one does not work either.
  expect(await login({ challenge: next, totp: codeOf(secret, -1) })).toMatchObject(wrong("totp"))
  expect((await login({ challenge: next, totp: codeOf(secret, 1) })).status).toBe(200)
  const { accessToken, refreshToken } = signedIn.body
  expect(await kinds(accessToken)).toEqual(expect.arrayContaining(["secondFactorFailed", "loggedIn"]))
  expect((await post("/auth/refresh", { refreshToken })).status).toBe(200)
})

test("a recovery code signs in once, in any case and without its separators", async () => {
  const user = await registerWithApp(server.url)
  const typed = ` ${user.codes[0]?.toUpperCase().replaceAll("-", " ").replaceAll("0", "O")}`
  const answer = async (recoveryCode: string) =>
    login({ challenge: await challengeOf(server.url, user), recoveryCode })
  const signedIn = await answer(typed)
  expect(signedIn.status).toBe(200)
  expect(await answer(user.codes[0] ?? "")).toMatchObject(wrong("recoveryCode"))
  expect((await account(signedIn.body.accessToken)).secondFactor.recoveryCodes).toBe(9)
  expect(await kinds(signedIn.body.accessToken)).toContain("recoveryCodeUsed")
})

test("a challenge allows five attempts, expires after five minutes, and does not accept another account's email", async () => {
  const user = await registerWithApp(server.url)
  const tried = await challengeOf(server.url, user)
  for (let tries = 0; tries < 5; tries++) {
    expect(await login({ challenge: tried, totp: wrongCodeOf(user.secret) })).toMatchObject(wrong("totp"))
  }
  expect(await login({ challenge: tried, totp: codeOf(user.secret) })).toMatchObject(wrong("challenge"))

  const late = await challengeOf(server.url, user)
  await sql`update sign_in_challenges set expires_at = expires_at - interval '5 minutes'`
  expect(await login({ challenge: late, totp: codeOf(user.secret) })).toMatchObject(wrong("challenge"))

  const challenge = await challengeOf(server.url, user)
  const email = `${randomUUID()}@example.com`
  expect(await login({ email, challenge, totp: codeOf(user.secret) })).toMatchObject(wrong("challenge"))
  for (const text of ["", "x", `${challenge}A`, challenge.toLowerCase()]) {
    expect(await login({ challenge: text, totp: codeOf(user.secret) })).toMatchObject(wrong("challenge"))
  }
})

test("an answer needs exactly one code, and a code needs a challenge", async () => {
  const credentials = { email: "a@example.com", password: "x" }
  for (const body of [
    { challenge: "x" },
    { challenge: "x", totp: "1", recoveryCode: "2" },
    { ...credentials, totp: "1" },
    { email: "a@example.com" },
    {},
  ]) {
    expect(await login(body)).toMatchObject({ status: 400, body: { reason: "INVALID_INPUT" } })
  }
})

test("wrong codes are limited by account, over many challenges, but recovery codes still work", async () => {
  const user = await registerWithApp(server.url)
  await using limited = await startTestServer({ ...server.shared, RATE_LIMIT_FACTOR: "1" })
  const reasons: string[] = []
  for (let guesses = 0; guesses < 12; guesses++) {
    const challenge = await challengeOf(server.url, user)
    const { body } = await login({ challenge, totp: wrongCodeOf(user.secret) }, limited.url)
    reasons.push(body.reason)
  }
  expect(reasons).toEqual([...Array(10).fill("LOGIN_FAILED"), "RATE_LIMITED", "RATE_LIMITED"])
  const challenge = await challengeOf(server.url, user)
  expect((await login({ challenge, totp: codeOf(user.secret) }, limited.url)).status).toBe(429)
  const [recoveryCode] = user.codes
  expect((await login({ challenge, recoveryCode }, limited.url)).status).toBe(200)
})

test("a new password leaves the second factor in force, whether it was changed or set by a link", async () => {
  const user = await registerWithApp(server.url)
  const { email, password, accessToken, secret } = user
  const newPassword = randomUUID()
  await post("/auth/password", { currentPassword: password, newPassword }, { accessToken })
  const challenge = await challengeOf(server.url, { email, password: newPassword })
  const admin = await register(server.url)
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const link = await post(`/auth/admin/users/${user.user.id}/reset-link`, {}, admin)
  const last = randomUUID()
  expect((await post("/auth/password/reset", { token: link.body.token, newPassword: last })).status).toBe(204)
  // The new password ends sign-ins that the old one has begun.
  expect(await login({ challenge, totp: codeOf(secret) })).toMatchObject(wrong("challenge"))
  const next = await challengeOf(server.url, { email, password: last })
  expect((await login({ challenge: next, totp: codeOf(secret) })).status).toBe(200)
})

test("recovery codes are replaced and the factor is removed with the password and a code, which ends other sessions", async () => {
  const user = await registerWithApp(server.url)
  const { accessToken, email, password: currentPassword, secret } = user
  const challenge = await challengeOf(server.url, { email, password: currentPassword })
  const other = (await login({ challenge, recoveryCode: user.codes[0] })).body.accessToken
  const change = (path: string, body: object) => post(`/auth/second-factor/${path}`, body, { accessToken })

  for (const path of ["recovery-codes", "remove"]) {
    const right = { currentPassword, totp: codeOf(secret) }
    expect(await change(path, { ...right, currentPassword: "x" })).toMatchObject(wrong("currentPassword"))
    expect(await change(path, { ...right, totp: wrongCodeOf(secret) })).toMatchObject(wrong("totp"))
    expect((await change(path, { currentPassword })).status).toBe(400)
  }
  const renewed = await change("recovery-codes", { currentPassword, totp: codeOf(secret) })
  expect(renewed.body.recoveryCodes).toHaveLength(10)
  expect(await meStatus(other)).toBe(401)
  const used = { currentPassword, recoveryCode: user.codes[1] }
  expect(await change("remove", used)).toMatchObject(wrong("recoveryCode"))
  // The code has been used.
  expect(await change("remove", { currentPassword, totp: codeOf(secret) })).toMatchObject(wrong("totp"))

  const pending = await challengeOf(server.url, { email, password: currentPassword })
  const removal = { currentPassword, recoveryCode: renewed.body.recoveryCodes[0] }
  expect((await change("remove", removal)).status).toBe(204)

  expect(await login({ challenge: pending, totp: codeOf(secret, 1) })).toMatchObject(wrong("challenge"))
  expect((await login({ email, password: currentPassword })).status).toBe(200)
  expect((await account(accessToken)).secondFactor).toMatchObject({ enabledAt: null, recoveryCodes: 0 })
  expect(await kinds(accessToken)).toEqual(
    expect.arrayContaining(["recoveryCodesRenewed", "secondFactorDisabled"]),
  )
})

test("an administrator removes a user's second factor, but not an administrator's", async () => {
  const [user, admin] = [await registerWithApp(server.url), await registerWithApp(server.url)]
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const reset = (id: string) =>
    rest(server.url, "DELETE", `/auth/admin/users/${id}/second-factor`, { accessToken: admin.accessToken })

  expect((await reset(user.user.id)).status).toBe(204)

  expect(await meStatus(user.accessToken)).toBe(401)
  const { email, password } = user
  const { status, body } = await login({ email, password })
  expect(status).toBe(200)
  const { items } = (await rest(server.url, "GET", "/auth/audit", body)).body
  expect(items).toContainEqual(
    expect.objectContaining({ kind: "secondFactorDisabled", byAdministrator: true }),
  )
  expect((await reset(admin.user.id)).status).toBe(403)
  for (const id of [randomUUID(), "x"]) expect((await reset(id)).status).toBe(404)
})

test("erasing an account removes its second factor, recovery codes, links and pending sign-ins", async () => {
  const [user, admin] = [await registerWithApp(server.url), await register(server.url)]
  const { id } = user.user
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const { accessToken } = admin
  await challengeOf(server.url, user)
  await rest(server.url, "POST", `/auth/admin/users/${id}/reset-link`, { accessToken })
  const count = async () =>
    (
      await sql`
        select from second_factors where user_id = ${id} union all
        select from recovery_codes where user_id = ${id} union all
        select from account_tokens where user_id = ${id} union all
        select from sign_in_challenges where user_id = ${id}`
    ).length
  expect(await count()).toBe(13)
  expect((await rest(server.url, "DELETE", `/auth/admin/users/${id}`, { accessToken })).status).toBe(204)
  expect(await count()).toBe(0)
})

test("with ADMIN_SECOND_FACTOR=required, an administrator without one can sign in and set it up, and nothing else of theirs", async () => {
  await using strict = await startTestServer({ ...server.shared, ADMIN_SECOND_FACTOR: "required" })
  const admin = await register(strict.url)
  const { accessToken, email, password: currentPassword } = admin
  await sql`update owners set role = 'admin' where id = ${admin.user.id}`
  const call = (method: string, path: string, body?: object) =>
    rest(strict.url, method, path, { accessToken, ...(body && { body }) })
  const statuses = async () => [
    (await call("GET", "/auth/admin/users")).status,
    (await call("GET", "/auth/admin/apikeys")).status,
    (await call("POST", `/auth/admin/users/${randomUUID()}/disable`)).status,
    (await call("POST", "/auth/apikeys", { label: "x", scopes: ["latchkey:manage"] })).status,
  ]
  expect((await login({ email, password: currentPassword }, strict.url)).status).toBe(200)
  expect(await statuses()).toEqual([403, 403, 403, 403])
  expect((await call("GET", "/auth/account")).body.secondFactor.required).toBe(true)
  expect((await call("POST", "/auth/apikeys", { label: "their own" })).status).toBe(201)

  const { body } = await call("POST", "/auth/second-factor", { currentPassword })
  const { secret } = body
  const confirmed = await call("POST", "/auth/second-factor/confirm", { totp: codeOf(secret, -1) })
  expect(await statuses()).toEqual([200, 200, 404, 201])

  const [recoveryCode] = confirmed.body.recoveryCodes
  await call("POST", "/auth/second-factor/remove", { currentPassword, recoveryCode })
  expect(await statuses()).toEqual([403, 403, 403, 403])
})

test("the app works after a change of AUTH_SECRET, even once the previous one is gone; without both, recovery codes work", async () => {
  const user = await registerWithApp(server.url)
  const { AUTH_SECRET, ...database } = server.shared
  const next = newSecret()
  const signInBy = async (variables: Record<string, string>, body: object) => {
    await using rotated = await startTestServer({ ...database, ...variables })
    const { email, password } = user
    const refused = await login({ email, password }, rotated.url)
    const { challenge, methods } = refused.body
    await allowCodesAgain(user.user.id)
    return { methods, status: (await login({ challenge, ...body }, rotated.url)).status }
  }
  const totp = () => ({ totp: codeOf(user.secret) })
  const both = ["totp", "recoveryCode"]

  const during = { AUTH_SECRET: next, AUTH_SECRET_PREVIOUS: AUTH_SECRET }
  expect(await signInBy(during, totp())).toEqual({ methods: both, status: 200 })
  expect(await signInBy({ AUTH_SECRET: next }, totp())).toEqual({ methods: both, status: 200 })

  const lost = { AUTH_SECRET: newSecret() }
  expect(await signInBy(lost, totp())).toEqual({ methods: ["recoveryCode"], status: 401 })
  const recovery = { recoveryCode: user.codes[0] }
  expect(await signInBy(lost, recovery)).toEqual({ methods: ["recoveryCode"], status: 200 })
})

test("with a session in a cookie, both calls must come from the server's own page, and the second sets the cookie", async () => {
  const user = await registerWithApp(server.url)
  const { email, password } = user
  const ownPage = { headers: { origin: server.url } }
  const first = await post("/auth/login", { email, password, session: "cookie" }, ownPage)
  expect(first).toMatchObject({ status: 401, body: { reason: "SECOND_FACTOR_REQUIRED" } })
  expect(first.headers.getSetCookie()).toEqual([])
  const answer = { challenge: first.body.challenge, totp: codeOf(user.secret), session: "cookie" }
  expect((await post("/auth/login", answer)).status).toBe(403)
  const second = await post("/auth/login", answer, ownPage)
  expect(second.status).toBe(200)
  expect(second.body).not.toHaveProperty("refreshToken")
  expect(second.headers.getSetCookie().join()).toContain("__Host-latchkey=")
})
