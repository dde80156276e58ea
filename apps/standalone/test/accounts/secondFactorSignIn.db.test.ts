import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { newSecret, register, startTestServer } from "../testServer.ts"
import { challengeOf, codeOf, registerWithApp, wrongCodeOf } from "./authenticatorApp.ts"
import { useAccounts, wrong } from "./useAccounts.ts"

const { server, sql, post, login, meStatus, account, kinds, makeAdmin } = useAccounts()

test("a sign-in needs a TOTP code, and each code works once", async () => {
  const { email, password, secret, user } = await registerWithApp(server().url)
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
  const next = await challengeOf(server().url, { email, password })
  expect(await login({ challenge: next, totp })).toMatchObject(wrong("totp"))
  // Nor does a code of an earlier time step.
  expect(await login({ challenge: next, totp: codeOf(secret, -1) })).toMatchObject(wrong("totp"))
  expect((await login({ challenge: next, totp: codeOf(secret, 1) })).status).toBe(200)
  const { accessToken, refreshToken } = signedIn.body
  expect(await kinds(accessToken)).toEqual(expect.arrayContaining(["secondFactorFailed", "loggedIn"]))
  expect((await post("/auth/refresh", { refreshToken })).status).toBe(200)
})

test("a recovery code signs in once, in any case and without its separators", async () => {
  const user = await registerWithApp(server().url)
  const typed = ` ${user.codes[0]?.toUpperCase().replaceAll("-", " ").replaceAll("0", "O")}`
  const answer = async (recoveryCode: string) =>
    login({ challenge: await challengeOf(server().url, user), recoveryCode })
  const signedIn = await answer(typed)
  expect(signedIn.status).toBe(200)
  expect(await answer(user.codes[0] ?? "")).toMatchObject(wrong("recoveryCode"))
  expect((await account(signedIn.body.accessToken)).secondFactor.recoveryCodes).toBe(9)
  expect(await kinds(signedIn.body.accessToken)).toContain("recoveryCodeUsed")
})

test("a challenge allows five attempts, expires after five minutes, and does not accept another account's email", async () => {
  const user = await registerWithApp(server().url)
  const tried = await challengeOf(server().url, user)
  for (let tries = 0; tries < 5; tries++) {
    expect(await login({ challenge: tried, totp: wrongCodeOf(user.secret) })).toMatchObject(wrong("totp"))
  }
  expect(await login({ challenge: tried, totp: codeOf(user.secret) })).toMatchObject(wrong("challenge"))

  const late = await challengeOf(server().url, user)
  await sql()`update sign_in_challenges set expires_at = expires_at - interval '5 minutes'`
  expect(await login({ challenge: late, totp: codeOf(user.secret) })).toMatchObject(wrong("challenge"))

  const challenge = await challengeOf(server().url, user)
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
  const user = await registerWithApp(server().url)
  await using limited = await startTestServer({ ...server().shared, RATE_LIMIT_FACTOR: "1" })
  const reasons: string[] = []
  for (let guesses = 0; guesses < 12; guesses++) {
    const challenge = await challengeOf(server().url, user)
    const { body } = await login({ challenge, totp: wrongCodeOf(user.secret) }, limited.url)
    reasons.push(body.reason)
  }
  expect(reasons).toEqual([...Array(10).fill("LOGIN_FAILED"), "RATE_LIMITED", "RATE_LIMITED"])
  const challenge = await challengeOf(server().url, user)
  expect((await login({ challenge, totp: codeOf(user.secret) }, limited.url)).status).toBe(429)
  const [recoveryCode] = user.codes
  expect((await login({ challenge, recoveryCode }, limited.url)).status).toBe(200)
})

test("a new password leaves the second factor enabled, whether it was changed or set by a link", async () => {
  const user = await registerWithApp(server().url)
  const { email, password, accessToken, secret } = user
  const newPassword = randomUUID()
  await post("/auth/password", { currentPassword: password, newPassword }, { accessToken })
  const challenge = await challengeOf(server().url, { email, password: newPassword })
  const admin = await register(server().url)
  await makeAdmin(admin.user.id)
  const link = await post(`/auth/admin/users/${user.user.id}/reset-link`, {}, admin)
  const last = randomUUID()
  expect((await post("/auth/password/reset", { token: link.body.token, newPassword: last })).status).toBe(204)
  // The new password ends sign-ins that were started with the old one.
  expect(await login({ challenge, totp: codeOf(secret) })).toMatchObject(wrong("challenge"))
  const next = await challengeOf(server().url, { email, password: last })
  expect((await login({ challenge: next, totp: codeOf(secret) })).status).toBe(200)
})

test("TOTP codes survive a rotation of AUTH_SECRET; if the secret is lost, recovery codes still work", async () => {
  const user = await registerWithApp(server().url)
  const { AUTH_SECRET, ...database } = server().shared
  const next = newSecret()
  const signInBy = async (variables: Record<string, string>, body: object) => {
    await using rotated = await startTestServer({ ...database, ...variables })
    const { email, password } = user
    const refused = await login({ email, password }, rotated.url)
    const { challenge, methods } = refused.body
    await sql()`update second_factors set last_step = -1 where user_id = ${user.user.id}`
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

test("for a session in a cookie, both calls must come from the server's own page, and the second sets the cookie", async () => {
  const user = await registerWithApp(server().url)
  const { email, password } = user
  const ownPage = { headers: { origin: server().url } }
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
