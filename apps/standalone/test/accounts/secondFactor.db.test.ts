import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { register, rest, startTestServer } from "../testServer.ts"
import { challengeOf, codeOf, registerWithApp, wrongCodeOf } from "./authenticatorApp.ts"
import { useAccounts, wrong } from "./useAccounts.ts"

const { server, sql, post, login, meStatus, account, kinds, makeAdmin } = useAccounts()

test("setting up the app takes the password and a code, ends other sessions, and returns recovery codes once", async () => {
  const user = await register(server().url)
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
  // The second call has replaced the secret, and the second factor is not enabled yet.
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

test("replacing the recovery codes and removing the second factor take the password and a code, and end other sessions", async () => {
  const user = await registerWithApp(server().url)
  const { accessToken, email, password: currentPassword, secret } = user
  const challenge = await challengeOf(server().url, { email, password: currentPassword })
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

  const pending = await challengeOf(server().url, { email, password: currentPassword })
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
  const [user, admin] = [await registerWithApp(server().url), await registerWithApp(server().url)]
  await makeAdmin(admin.user.id)
  const reset = (id: string) =>
    rest(server().url, "DELETE", `/auth/admin/users/${id}/second-factor`, { accessToken: admin.accessToken })

  expect((await reset(user.user.id)).status).toBe(204)

  expect(await meStatus(user.accessToken)).toBe(401)
  const { email, password } = user
  const { status, body } = await login({ email, password })
  expect(status).toBe(200)
  const { items } = (await rest(server().url, "GET", "/auth/audit", body)).body
  expect(items).toContainEqual(
    expect.objectContaining({ kind: "secondFactorDisabled", byAdministrator: true }),
  )
  expect((await reset(admin.user.id)).status).toBe(403)
  for (const id of [randomUUID(), "x"]) expect((await reset(id)).status).toBe(404)
})

test("erasing an account removes its second factor, recovery codes, links and pending sign-ins", async () => {
  const [user, admin] = [await registerWithApp(server().url), await register(server().url)]
  const { id } = user.user
  await makeAdmin(admin.user.id)
  const { accessToken } = admin
  await challengeOf(server().url, user)
  await rest(server().url, "POST", `/auth/admin/users/${id}/reset-link`, { accessToken })
  const count = async () =>
    (
      await sql()`
        select from second_factors where user_id = ${id} union all
        select from recovery_codes where user_id = ${id} union all
        select from account_tokens where user_id = ${id} union all
        select from sign_in_challenges where user_id = ${id}`
    ).length
  expect(await count()).toBe(13)
  expect((await rest(server().url, "DELETE", `/auth/admin/users/${id}`, { accessToken })).status).toBe(204)
  expect(await count()).toBe(0)
})

test("with ADMIN_SECOND_FACTOR=required, an administrator without a second factor can sign in and set one up, but not administer", async () => {
  await using strict = await startTestServer({ ...server().shared, ADMIN_SECOND_FACTOR: "required" })
  const admin = await register(strict.url)
  const { accessToken, email, password: currentPassword } = admin
  await makeAdmin(admin.user.id)
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
