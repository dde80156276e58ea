import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { challengeOf, codeOf, registerWithApp, stopClock } from "../accounts/authenticatorApp.ts"
import { startMailServer } from "../accounts/startMailServer.ts"
import { register, rest } from "../testServer.ts"
import { AT_ONCE, SERIALIZABLE, useSerializable } from "./useSerializable.ts"

let mail: Awaited<ReturnType<typeof startMailServer>>
beforeAll(async () => {
  mail = await startMailServer()
})
afterAll(() => mail[Symbol.asyncDispose]())

describe.each(SERIALIZABLE)("24 calls at once for the recovery of accounts where %s", (_, isForced) => {
  const { urlOf, post, race, prepareMany, registerAdmin, kindsOf } = useSerializable(
    isForced,
    () => mail.variables,
  )
  beforeEach(stopClock)

  const reset = (index: number, token: string | undefined) =>
    post(index, "/auth/password/reset", { token, newPassword: randomUUID() })

  /** Registers a user and waits for the mail that every new account gets. */
  const registerWithMail = async () => {
    const user = await register(urlOf(0))
    return { ...user, token: await mail.tokenFor(user.email) }
  }

  test("links to set a password: requested, created by an administrator, and used once", async () => {
    // The links that were requested are created after the responses, and replace all others of their user.
    const { email } = await registerWithMail()
    await race((index) => post(index, "/auth/password/reset-request", { email }), { 202: AT_ONCE })
    const { user } = await registerWithMail()
    const admin = await registerAdmin()
    const create = (index: number, id: string) => post(index, `/auth/admin/users/${id}/reset-link`, {}, admin)
    await race((index) => create(index, user.id), { 201: AT_ONCE })
    const { token } = (await create(0, user.id)).body
    await race((index) => reset(index, token), { 204: 1, 404: AT_ONCE - 1 })
    expect(await kindsOf(user.id)).toMatchObject({ passwordReset: 1 })
  })

  test("verifying an email: links are requested, and one is used once", async () => {
    const { user, email, accessToken } = await registerWithMail()
    await race((index) => post(index, "/auth/email/verification-request", {}, { accessToken }), {
      202: AT_ONCE,
    })
    const other = await registerWithMail()
    const verify = (index: number, token: string) => post(index, "/auth/email/verify", { token })
    await race((index) => verify(index, other.token), { 204: 1, 404: AT_ONCE - 1 })
    expect(await kindsOf(other.user.id)).toMatchObject({ emailVerified: 1 })
    expect(mail.mails.filter(({ to }) => to.includes(email)).length).toBeGreaterThan(1)
    expect(await kindsOf(user.id)).not.toHaveProperty("emailVerified")
  })

  test("setting up a second factor: many setups, one confirmed", async () => {
    const user = await register(urlOf(0))
    const body = { currentPassword: user.password }
    await race((index) => post(index, "/auth/second-factor", body, user), { 201: AT_ONCE })
    const { secret } = (await post(0, "/auth/second-factor", body, user)).body
    await race((index) => post(index, "/auth/second-factor/confirm", { totp: codeOf(secret) }, user), {
      200: 1,
      404: AT_ONCE - 1,
    })
    expect(await kindsOf(user.user.id)).toMatchObject({ secondFactorEnabled: 1 })
  })

  test("signing in with a code and with a recovery code, each of which is used once", async () => {
    const user = await registerWithApp(urlOf(0))
    const challenges = await prepareMany((url) => challengeOf(url, user))
    const answer = (index: number, body: object) =>
      post(index, "/auth/login", { challenge: challenges[index], ...body })
    await race((index) => answer(index, { totp: codeOf(user.secret) }), { 200: 1, 401: AT_ONCE - 1 })
    const others = await prepareMany((url) => challengeOf(url, user))
    await race(
      (index) => post(index, "/auth/login", { challenge: others[index], recoveryCode: user.codes[0] }),
      { 200: 1, 401: AT_ONCE - 1 },
    )
    expect(await kindsOf(user.user.id)).toMatchObject({ recoveryCodeUsed: 1 })
  })

  test("renewing recovery codes, and removing the second factor once", async () => {
    const user = await registerWithApp(urlOf(0))
    const change = (index: number, name: string, recoveryCode: string | undefined) =>
      post(index, `/auth/second-factor/${name}`, { currentPassword: user.password, recoveryCode }, user)
    await race((index) => change(index, "recovery-codes", user.codes[0]), { 200: 1, 401: AT_ONCE - 1 })
    const other = await registerWithApp(urlOf(0))
    // Others may find their recovery code removed before they find that there is nothing to remove.
    await race(
      (index) => {
        const body = { currentPassword: other.password, recoveryCode: other.codes[index % 10] }
        return post(index, "/auth/second-factor/remove", body, other)
      },
      { 204: 1, 401: AT_ONCE - 1, 404: AT_ONCE - 1 },
    )
    expect(await kindsOf(other.user.id)).toMatchObject({ secondFactorDisabled: 1 })
  })

  test("an administrator removes a lost second factor", async () => {
    const admin = await registerAdmin()
    const lost = await registerWithApp(urlOf(0))
    const path = `/auth/admin/users/${lost.user.id}/second-factor`
    await race((index) => rest(urlOf(index), "DELETE", path, admin), { 204: AT_ONCE })
    expect(await kindsOf(lost.user.id)).toMatchObject({ secondFactorDisabled: 1 })
  })
})
