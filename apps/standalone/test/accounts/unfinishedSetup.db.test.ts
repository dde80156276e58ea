import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { register } from "../testServer.ts"
import { codeOf } from "./authenticatorApp.ts"
import { useAccounts } from "./useAccounts.ts"

const { server, post, login, account, makeAdmin } = useAccounts()

type Account = Awaited<ReturnType<typeof register>>

const byAdmin = async (path: string) => {
  const { user, accessToken } = await register(server().url)
  await makeAdmin(user.id)
  return post(path, {}, { accessToken })
}

/** Ways to end the password, or what was begun with it. Each returns an access token of the account afterwards. */
const ENDS: Record<string, (account: Account) => Promise<string>> = {
  "the password was changed": async ({ accessToken, password: currentPassword }) => {
    const body = { currentPassword, newPassword: randomUUID() }
    expect((await post("/auth/password", body, { accessToken })).status).toBe(204)
    return accessToken
  },
  "the password was set by a link": async ({ email, user }) => {
    const { body } = await byAdmin(`/auth/admin/users/${user.id}/reset-link`)
    const newPassword = randomUUID()
    expect((await post("/auth/password/reset", { token: body.token, newPassword })).status).toBe(204)
    return (await login({ email, password: newPassword })).body.accessToken
  },
  "the account was disabled for a time": async ({ email, password, user }) => {
    for (const action of ["disable", "enable"]) {
      expect((await byAdmin(`/auth/admin/users/${user.id}/${action}`)).status).toBe(204)
    }
    return (await login({ email, password })).body.accessToken
  },
}

test.for(Object.entries(ENDS))(
  "the setup of an authenticator app can't be completed once %s",
  async ([, end]) => {
    const user = await register(server().url)
    const { password: currentPassword, accessToken: before } = user
    const setup = await post("/auth/second-factor", { currentPassword }, { accessToken: before })
    expect(setup.status).toBe(201)

    const accessToken = await end(user)

    const totp = codeOf(setup.body.secret)
    expect(await post("/auth/second-factor/confirm", { totp }, { accessToken })).toMatchObject({
      status: 404,
      body: { reason: "NOT_FOUND" },
    })
    expect((await account(accessToken)).secondFactor).toMatchObject({ enabledAt: null })
  },
)
