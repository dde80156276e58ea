import { randomUUID } from "node:crypto"
import { createMigratedDatabase } from "@latchkey/db/test"
import { connect, startSerializable } from "@latchkey/test-postgres"
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest"
import {
  newSecret,
  register,
  registerWithKey,
  rest,
  startTestServer,
  type TestServer,
} from "../testServer.ts"

const AT_ONCE = 24

const countOf = (statuses: number[]) => {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe.each([
  ["the database's default is serializable", false],
  ["the engine runs everything as serializable", true],
])("24 calls at once where %s", (_, isForced) => {
  let database: Awaited<ReturnType<typeof createMigratedDatabase>>
  let proxy: Awaited<ReturnType<typeof startSerializable>>
  let servers: TestServer[]
  beforeAll(async () => {
    database = await createMigratedDatabase(inject("postgresUrl"))
    const direct = connect(database.url)
    const name = new URL(database.url).pathname.slice(1)
    await direct.unsafe(`alter database ${name} set default_transaction_isolation = 'serializable'`)
    await direct.end()
    proxy = await startSerializable(database.url)
    const shared = { DATABASE_URL: isForced ? proxy.url : database.url, AUTH_SECRET: newSecret() }
    servers = [await startTestServer(shared), await startTestServer(shared)]
  })
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  afterEach(() => {
    for (const { log } of servers) expect(log.join("\n")).not.toMatch(/40001|40P01/)
  })

  /**
   * Makes a call many times at once, on both instances in turn, and returns how often each status came. One that a busy
   * machine did not get to in time, and did not begin, is made again.
   */
  const race = async (call: (index: number) => ReturnType<typeof rest>) => {
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        let answer = await call(index)
        while (answer.status === 503 && !answer.body.begun) answer = await call(index)
        return answer
      }),
    )
    return countOf(answers.map(({ status }) => status))
  }
  const urlOf = (index: number) => servers[index % servers.length]?.url ?? ""
  const post = (index: number, path: string, body: object, call: { accessToken?: string } = {}) =>
    rest(urlOf(index), "POST", path, { ...call, body })
  const query = async (text: string) => {
    const sql = connect(database.url)
    try {
      return await sql.unsafe(text)
    } finally {
      await sql.end()
    }
  }
  const kindsOf = async (accessToken: string) => {
    const { body } = await rest(urlOf(0), "GET", "/auth/audit?limit=100", { accessToken })
    return countOf(body.items.map(({ kind }: { kind: string }) => kind))
  }

  test("registering: different emails, and one email", async () => {
    const different = await race((index) =>
      post(index, "/auth/register", { email: `${randomUUID()}@example.com`, password: randomUUID() }),
    )
    expect(different).toEqual({ 201: AT_ONCE })
    const email = `${randomUUID()}@example.com`
    const same = await race((index) => post(index, "/auth/register", { email, password: randomUUID() }))
    expect(same).toEqual({ 201: 1, 409: AT_ONCE - 1 })
  })

  test("signing in with right and wrong passwords, with each failure counted", async () => {
    const { email, password } = await register(urlOf(0))
    expect(await race((index) => post(index, "/auth/login", { email, password }))).toEqual({ 200: AT_ONCE })
    const wrong = await race((index) => post(index, "/auth/login", { email, password: "not the password" }))
    expect(wrong).toEqual({ 401: AT_ONCE })
    const [counted] = await query(`
      select sum(count)::int as failures from latchkey.audit_events e
      join latchkey.owners o on o.id = e.owner_id where o.email = '${email}' and kind = 'loginFailed'`)
    expect(counted?.failures).toBe(AT_ONCE)
  })

  test("refreshing one session, where one call wins, and many sessions", async () => {
    const { refreshToken } = await register(urlOf(0))
    const one = await race((index) => post(index, "/auth/refresh", { refreshToken }))
    expect(one).toEqual({ 200: 1, 401: AT_ONCE - 1 })
    const users = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => register(urlOf(index))))
    const many = await race((index) =>
      post(index, "/auth/refresh", { refreshToken: users[index]?.refreshToken }),
    )
    expect(many).toEqual({ 200: AT_ONCE })
  })

  test("creating keys, of one user and of many", async () => {
    const user = await register(urlOf(0))
    const ofOne = await race((index) => post(index, "/auth/apikeys", { label: `${index}` }, user))
    expect(ofOne).toEqual({ 201: AT_ONCE })
    const users = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => register(urlOf(index))))
    const ofMany = await race((index) => post(index, "/auth/apikeys", { label: "x" }, users[index]))
    expect(ofMany).toEqual({ 201: AT_ONCE })
    expect(await kindsOf(user.accessToken)).toMatchObject({ apiKeyCreated: AT_ONCE })
  })

  test("updating one key, with each change in the trail", async () => {
    const user = await registerWithKey(urlOf(0))
    const updated = await race((index) =>
      rest(urlOf(index), "PATCH", `/auth/apikeys/${user.id}`, {
        accessToken: user.accessToken,
        body: { label: `label ${index}` },
      }),
    )
    expect(updated).toEqual({ 200: AT_ONCE })
    expect(await kindsOf(user.accessToken)).toMatchObject({ apiKeyUpdated: AT_ONCE })
  })

  test("revoking and rotating one key: one call wins, and nothing accepts the key afterwards", async () => {
    const user = await registerWithKey(urlOf(0))
    const { accessToken } = user
    const revoked = await race((index) =>
      rest(urlOf(index), "DELETE", `/auth/apikeys/${user.id}`, { accessToken }),
    )
    expect(revoked).toEqual({ 204: 1, 404: AT_ONCE - 1 })
    expect(await race((index) => rest(urlOf(index), "GET", "/auth/me", { apiKey: user.apiKey }))).toEqual({
      401: AT_ONCE,
    })
    expect(await kindsOf(accessToken)).toMatchObject({ apiKeyRevoked: 1 })

    const created = await post(0, "/auth/apikeys", { label: "x" }, { accessToken })
    const rotated = await race((index) =>
      post(index, `/auth/apikeys/${created.body.id}/rotate`, { grace: 0 }, { accessToken }),
    )
    // With a grace of 0, the old key is revoked.
    expect(rotated).toEqual({ 201: 1, 404: AT_ONCE - 1 })
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
    expect(await race((index) => rest(urlOf(index), "GET", "/auth/me", { apiKey: user.apiKey }))).toEqual({
      200: AT_ONCE,
    })
    expect(
      await race((index) => rest(urlOf(index), "GET", "/auth/me", { apiKey: limited.body.key })),
    ).not.toHaveProperty("503")
  })

  test("administrators disable and enable one user, and the user's keys follow", async () => {
    const admin = await register(urlOf(0))
    await query(`update latchkey.owners set role = 'admin' where id = '${admin.user.id}'`)
    const user = await registerWithKey(urlOf(0))
    const act = (name: string) =>
      race((index) => post(index, `/auth/admin/users/${user.user.id}/${name}`, {}, admin))
    expect(await act("disable")).toEqual({ 204: AT_ONCE })
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(401)
    expect(await act("enable")).toEqual({ 204: AT_ONCE })
    expect((await rest(urlOf(1), "GET", "/auth/me", { apiKey: user.apiKey })).status).toBe(200)
    const [events] = await query(`select count(*)::int as events from latchkey.audit_events
      where owner_id = '${user.user.id}' and kind in ('userDisabled', 'userEnabled')`)
    expect(events?.events).toBe(2)
  })

  test("changing a password: one call wins, and the other sessions end", async () => {
    const { email, password, accessToken } = await register(urlOf(0))
    const other = (await post(0, "/auth/login", { email, password })).body.accessToken
    const changed = await race((index) =>
      post(
        index,
        "/auth/password",
        { currentPassword: password, newPassword: randomUUID() },
        { accessToken },
      ),
    )
    expect(changed).toEqual({ 204: 1, 401: AT_ONCE - 1 })
    expect((await rest(urlOf(1), "GET", "/auth/me", { accessToken: other })).status).toBe(401)
  })
})
