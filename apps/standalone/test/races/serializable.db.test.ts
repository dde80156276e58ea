import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { register, registerWithKey, rest } from "../testServer.ts"
import { AT_ONCE, expectTimes, SERIALIZABLE, useSerializable } from "./useSerializable.ts"

describe.each(SERIALIZABLE)("24 calls at once where %s", (_, isForced) => {
  const { urlOf, query, post, race, prepareMany, registerAdmin, kindsOf } = useSerializable(isForced)

  test("registering: different emails, and one email", async () => {
    await race(
      (index) =>
        post(index, "/auth/register", { email: `${randomUUID()}@example.com`, password: randomUUID() }),
      { 201: AT_ONCE },
    )
    const email = `${randomUUID()}@example.com`
    await race((index) => post(index, "/auth/register", { email, password: randomUUID() }), {
      201: 1,
      409: AT_ONCE - 1,
    })
  })

  test("signing in with right and wrong passwords, with each failure counted", async () => {
    const { email, password } = await register(urlOf(0))
    await race((index) => post(index, "/auth/login", { email, password }), { 200: AT_ONCE })
    const wrong = await race((index) => post(index, "/auth/login", { email, password: "not the password" }), {
      401: AT_ONCE,
    })
    const [counted] = await query(`
      select sum(count)::int as failures from latchkey.audit_events e
      join latchkey.owners o on o.id = e.owner_id where o.email = '${email}' and kind = 'loginFailed'`)
    expectTimes(counted?.failures, wrong[401])
  })

  test("refreshing one session, where one call wins, and many sessions", async () => {
    const { refreshToken } = await register(urlOf(0))
    await race((index) => post(index, "/auth/refresh", { refreshToken }), { 200: 1, 401: AT_ONCE - 1 })
    const users = await prepareMany(register)
    await race((index) => post(index, "/auth/refresh", { refreshToken: users[index]?.refreshToken }), {
      200: AT_ONCE,
    })
  })

  test("creating keys, of one user and of many", async () => {
    const user = await register(urlOf(0))
    const created = await race((index) => post(index, "/auth/apikeys", { label: `${index}` }, user), {
      201: AT_ONCE,
    })
    const users = await prepareMany(register)
    await race((index) => post(index, "/auth/apikeys", { label: "x" }, users[index]), { 201: AT_ONCE })
    expectTimes((await kindsOf(user.user.id)).apiKeyCreated, created[201])
  })

  test("updating one key, with each change in the trail", async () => {
    const user = await registerWithKey(urlOf(0))
    const updated = await race(
      (index) =>
        rest(urlOf(index), "PATCH", `/auth/apikeys/${user.id}`, {
          accessToken: user.accessToken,
          body: { label: `label ${index}` },
        }),
      { 200: AT_ONCE },
    )
    expectTimes((await kindsOf(user.user.id)).apiKeyUpdated, updated[200])
  })

  test("revoking and rotating one key: one call wins, and nothing accepts the key afterwards", async () => {
    const user = await registerWithKey(urlOf(0))
    const { accessToken } = user
    await race((index) => rest(urlOf(index), "DELETE", `/auth/apikeys/${user.id}`, { accessToken }), {
      204: 1,
      404: AT_ONCE - 1,
    })
    await race((index) => rest(urlOf(index), "GET", "/auth/me", { apiKey: user.apiKey }), {
      401: AT_ONCE,
    })
    expect(await kindsOf(user.user.id)).toMatchObject({ apiKeyRevoked: 1 })

    const created = await post(0, "/auth/apikeys", { label: "x" }, { accessToken })
    // With a grace of 0, the old key is revoked.
    await race(
      (index) => post(index, `/auth/apikeys/${created.body.id}/rotate`, { grace: 0 }, { accessToken }),
      { 201: 1, 404: AT_ONCE - 1 },
    )
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: created.body.key })).status).toBe(401)
  })

  test("verifying one key and many, with its use, its limit and its receipt written", async () => {
    const user = await registerWithKey(urlOf(0))
    await query(
      `update latchkey.api_keys set receipt = null, receipt_secret_id = null where id = '${user.id}'`,
    )
    const limited = await post(
      0,
      "/auth/apikeys",
      { label: "x", rateLimit: { limit: AT_ONCE, window: 3600 } },
      { accessToken: user.accessToken },
    )
    await race((index) => rest(urlOf(index), "GET", "/auth/me", { apiKey: user.apiKey }), {
      200: AT_ONCE,
    })
    await race((index) => rest(urlOf(index), "GET", "/auth/me", { apiKey: limited.body.key }), {
      200: AT_ONCE,
      429: AT_ONCE,
    })
  })

  test("administrators disable and enable one user, and the user's keys follow", async () => {
    const admin = await registerAdmin()
    const user = await registerWithKey(urlOf(0))
    const act = (name: string) =>
      race((index) => post(index, `/auth/admin/users/${user.user.id}/${name}`, {}, admin), { 204: AT_ONCE })
    await act("disable")
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(401)
    await act("enable")
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(200)
    const [events] = await query(`select count(*)::int as events from latchkey.audit_events
      where owner_id = '${user.user.id}' and kind in ('userDisabled', 'userEnabled')`)
    expect(events?.events).toBe(2)
  })

  test("changing a password: one call wins, and the other sessions end", async () => {
    const { email, password, accessToken } = await register(urlOf(0))
    const other = (await post(0, "/auth/login", { email, password })).body.accessToken
    await race(
      (index) =>
        post(
          index,
          "/auth/password",
          { currentPassword: password, newPassword: randomUUID() },
          { accessToken },
        ),
      { 204: 1, 401: AT_ONCE - 1 },
    )
    expect((await rest(urlOf(1), "GET", "/auth/me", { accessToken: other })).status).toBe(401)
  })
})
