import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { newSecret, register, registerWithKey, rest } from "../testServer.ts"
import { AT_ONCE, expectTimes, SERIALIZABLE, useSerializable } from "./useSerializable.ts"

const bootstrap = newSecret()

describe.each(SERIALIZABLE)("24 calls at once by administrators and backends where %s", (_, isForced) => {
  const { urlOf, query, post, race, prepareMany, registerAdmin, kindsOf } = useSerializable(isForced, () => ({
    BOOTSTRAP_KEY: bootstrap,
  }))

  const onBehalfOf = (subject: string) => ({
    apiKey: bootstrap,
    headers: { "latchkey-on-behalf-of": `host ${subject}` },
  })

  test("owner tokens of one owner and of many, whom nobody has seen before", async () => {
    const mint = (index: number, subject: string) =>
      post(index, "/auth/owner-tokens", {}, onBehalfOf(subject))
    const subject = randomUUID()
    const minted = await race((index) => mint(index, subject), { 201: AT_ONCE })
    await race((index) => mint(index, randomUUID()), { 201: AT_ONCE })
    const [owner] = await query(`select id from latchkey.owners where subject = '${subject}'`)
    expectTimes((await kindsOf(owner?.id)).ownerTokenCreated, minted[201])
  })

  test("keys on behalf of one owner, and disabling that owner meanwhile", async () => {
    const subject = randomUUID()
    const body = { issuer: "host", subject }
    await race(
      (index) =>
        index % 2
          ? post(index, "/auth/admin/users/disable", body, { apiKey: bootstrap })
          : post(index, "/auth/apikeys", { label: `${index}` }, onBehalfOf(subject)),
      { 204: AT_ONCE / 2, 201: AT_ONCE / 2, 401: AT_ONCE / 2, 403: AT_ONCE / 2 },
    )
    await race((index) => post(index, "/auth/admin/users/enable", body, { apiKey: bootstrap }), {
      204: AT_ONCE,
    })
  })

  test("a mass revocation is previewed and confirmed by many, and revokes each key once", async () => {
    const admin = await registerAdmin()
    const label = randomUUID()
    const createKey = async (url: string) => {
      const user = await register(url)
      const { body } = await rest(url, "POST", "/auth/apikeys", { ...user, body: { label } })
      return { ...user, apiKey: body.key as string }
    }
    const users = await prepareMany(createKey, 4)
    const revokeWhere = (index: number, body: object) =>
      post(index, "/auth/admin/apikeys/revoke-where", body, admin)
    const where = { labelContains: label }
    await race((index) => revokeWhere(index, { where, preview: true }), { 200: AT_ONCE })
    const { body } = await revokeWhere(0, { where, preview: true })
    await race((index) => revokeWhere(index, { where, confirm: body.confirm }), { 200: AT_ONCE })
    for (const { user, apiKey } of users) {
      expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey })).status).toBe(401)
      expect(await kindsOf(user.id)).toMatchObject({ apiKeyRevoked: 1 })
    }
  })

  test("erasing one user with a key, and many", async () => {
    const admin = await registerAdmin()
    const erase = (index: number, id: string) =>
      rest(urlOf(index), "DELETE", `/auth/admin/users/${id}`, admin)
    const user = await registerWithKey(urlOf(0))
    await race((index) => erase(index, user.user.id), { 204: AT_ONCE })
    expect(await kindsOf(user.user.id)).toMatchObject({ userErased: 1 })
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(401)
    const users = await prepareMany(register)
    await race((index) => erase(index, users[index]?.user.id ?? ""), { 204: AT_ONCE })
  })

  test("a leaked key is reported by many, while its owner revokes it", async () => {
    const user = await registerWithKey(urlOf(0))
    await race(
      (index) =>
        index % 2
          ? post(index, "/auth/apikeys/leaked", { key: user.apiKey })
          : rest(urlOf(index), "DELETE", `/auth/apikeys/${user.id}`, { accessToken: user.accessToken }),
      { 202: AT_ONCE / 2, 204: 1, 404: AT_ONCE / 2 },
    )
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(401)
    const kinds = await kindsOf(user.user.id)
    expect((kinds.apiKeyRevoked ?? 0) + (kinds.apiKeyLeaked ?? 0)).toBe(1)
  })
})
