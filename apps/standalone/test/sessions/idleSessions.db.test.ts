import { connect, type Sql } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { holdLock } from "../races/holdLock.ts"
import { register, rest, startServerOnPostgres, startTestServer } from "../testServer.ts"

const TTL = { REFRESH_TOKEN_TTL: "7200", ACCESS_TOKEN_TTL: "900" }

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
let sql: Sql
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { ...TTL, SESSION_IDLE_TTL: "3600" })
  sql = connect(server.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await server[Symbol.asyncDispose]()
})

/** Lets minutes pass for a user's sessions. */
const age = (id: string, minutes: number) => sql`
  update sessions set
    created_at = created_at - make_interval(mins => ${minutes}),
    refreshed_at = refreshed_at - make_interval(mins => ${minutes}),
    expires_at = expires_at - make_interval(mins => ${minutes}),
    final_expires_at = final_expires_at - make_interval(mins => ${minutes})
  where user_id = ${id}`

const refresh = async (refreshToken: string, url = server.url) =>
  rest(url, "POST", "/auth/refresh", { body: { refreshToken } })
const isLive = async (accessToken: string) =>
  (await rest(server.url, "GET", "/auth/me", { accessToken })).status === 200

test("a session without a refresh within SESSION_IDLE_TTL ends, with its access token", async () => {
  const { user, accessToken, refreshToken } = await register(server.url)
  await age(user.id, 59)
  expect(await isLive(accessToken)).toBe(true)
  await age(user.id, 2)
  expect(await isLive(accessToken)).toBe(false)
  expect((await refresh(refreshToken)).status).toBe(401)
})

test("refreshing extends a session, but not beyond REFRESH_TOKEN_TTL", async () => {
  const { user, refreshToken } = await register(server.url)
  let { body } = await refresh(refreshToken)
  for (const minutes of [50, 50]) {
    await age(user.id, minutes)
    body = (await refresh(body.refreshToken)).body
    expect(await isLive(body.accessToken)).toBe(true)
  }
  await age(user.id, 21)
  expect(await isLive(body.accessToken)).toBe(false)
})

test("a change of the password ends a session that a refresh extends at the moment of its expiry", async () => {
  const { user, email, password, accessToken } = await register(server.url)
  await age(user.id, 61)
  const other = await rest(server.url, "POST", "/auth/login", { body: { email, password } })
  const refreshing = await holdLock(
    server.shared.DATABASE_URL,
    (transaction) => transaction`
      update sessions set expires_at = now() + interval '1 hour'
      where user_id = ${user.id} and expires_at < now()`,
  )
  const change = rest(server.url, "POST", "/auth/password", {
    accessToken: other.body.accessToken,
    body: { currentPassword: password, newPassword: "another long enough phrase" },
  })
  // Without the lock on the expired session, the change is done at once, and the refresh is not seen.
  await Promise.race([refreshing.untilWaiting(1).catch(() => {}), change])
  await refreshing.commit()
  expect((await change).status).toBe(204)
  expect(await isLive(accessToken)).toBe(false)
})

test("sessions from before the variable was set get an idle expiry when they are refreshed, and lose it once it is unset", async () => {
  await using without = await startTestServer({ ...server.shared, ...TTL })
  const { user, refreshToken } = await register(without.url)
  await age(user.id, 61)
  const first = await refresh(refreshToken)
  expect(first.status).toBe(200)
  const second = await refresh(first.body.refreshToken, without.url)
  await age(user.id, 58)
  expect(await isLive(second.body.accessToken)).toBe(true)
  await age(user.id, 2)
  expect(await isLive(second.body.accessToken)).toBe(false)
})
