import { connect, createTcpProxy, eventually, startPostgres, startStandby } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { newSecret, registerWithKey, rest, startTestServer } from "../testServer.ts"

/** Starts a primary, and a standby that streams from it. */
async function startPair() {
  const primary = await startPostgres(["wal_keep_size=64MB"])
  const standby = await startStandby(primary)
  const onPrimary = connect(primary.url)
  const onStandby = connect(standby.url)
  return {
    primary,
    standby,
    onPrimary,
    onStandby,
    async [Symbol.asyncDispose]() {
      await Promise.all([onPrimary.end({ timeout: 0 }), onStandby.end({ timeout: 0 })])
      await standby[Symbol.asyncDispose]()
      await primary[Symbol.asyncDispose]()
    },
  }
}

test("the server gives no verdict while its connections reach a lagging standby, and recovers on the primary", async () => {
  await using pair = await startPair()
  await using proxy = await createTcpProxy(new URL(pair.primary.url))
  await using server = await startTestServer({ DATABASE_URL: proxy.url, AUTH_SECRET: newSecret() })
  const { url } = server
  const revoked = await registerWithKey(url)
  const ended = await registerWithKey(url)
  // The standby has both keys, and receives none of the changes below.
  await eventually(async () => {
    const [row] = await pair.onStandby`select count(*)::int as keys from api_keys`
    expect(row?.keys).toBe(2)
  })
  await pair.onStandby`select pg_wal_replay_pause()`
  expect(
    (await rest(url, "DELETE", `/auth/apikeys/${revoked.id}`, { accessToken: revoked.accessToken })).status,
  ).toBe(204)
  expect((await rest(url, "POST", "/auth/logout", { accessToken: ended.accessToken })).status).toBe(204)
  const fresh = await registerWithKey(url)

  await proxy.disconnect()
  proxy.redirect(new URL(pair.standby.url))
  await proxy.reconnect()

  const calls = () => [
    rest(url, "GET", "/auth/me", { apiKey: revoked.apiKey }),
    rest(url, "GET", "/auth/me", { accessToken: ended.accessToken }),
    rest(url, "GET", "/auth/me", { apiKey: fresh.apiKey }),
    rest(url, "GET", "/auth/me", { accessToken: fresh.accessToken }),
    rest(url, "GET", "/auth/me", { apiKey: "0".repeat(64) }),
    rest(url, "GET", "/auth/apikeys", { apiKey: ended.apiKey }),
    rest(url, "POST", "/auth/login", { body: { email: fresh.email, password: fresh.password } }),
    rest(url, "POST", "/auth/refresh", { body: { refreshToken: ended.refreshToken } }),
    rest(url, "GET", "/readyz"),
  ]
  for (let round = 0; round < 15; round++) {
    for (const { status } of await Promise.all(calls())) expect(status).toBe(503)
  }

  proxy.redirect(new URL(pair.primary.url))
  await eventually(async () =>
    expect((await Promise.all(calls())).map(({ status }) => status)).toEqual([
      ...[401, 401, 200, 200, 401],
      ...[200, 200, 401, 200],
    ]),
  )
})
