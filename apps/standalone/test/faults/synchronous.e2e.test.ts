import { setTimeout as sleep } from "node:timers/promises"
import { connect, eventually, startPostgres } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { newSecret, register, registerWithKey, rest, startTestServer } from "../testServer.ts"

/** Starts a server on a PostgreSQL whose commits can be made to wait for a standby that does not exist. */
async function startReplicated(variables: Record<string, string> = {}) {
  const postgres = await startPostgres()
  const direct = connect(postgres.url)
  const server = await startTestServer({
    DATABASE_URL: postgres.url,
    AUTH_SECRET: newSecret(),
    ...variables,
  })
  async function requireStandby(standby: string) {
    await direct.unsafe(`alter system set synchronous_standby_names = '${standby}'`)
    await direct`select pg_reload_conf()`
    await eventually(async () => {
      const [row] = await direct`show synchronous_standby_names`
      expect(row?.synchronous_standby_names).toBe(standby)
    })
  }
  return {
    url: server.url,
    databaseUrl: postgres.url,
    direct,
    loseStandby: () => requireStandby("gone"),
    /**
     * Cancels all waits for the standby, as an operator may, until the server has answered this call. Commits of its
     * background work may wait too.
     */
    async cancelWaitsOf<Answer>(call: Promise<Answer>): Promise<Answer> {
      let isOver = false
      const end = () => {
        isOver = true
      }
      call.then(end, end)
      let cancelled = 0
      while (!isOver) {
        const waits = await direct`
          select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`
        cancelled += waits.length
        await sleep(20)
      }
      expect(cancelled).toBeGreaterThan(0)
      return call
    },
    standbyReturns: () => requireStandby(""),
    async [Symbol.asyncDispose]() {
      await requireStandby("")
      await server[Symbol.asyncDispose]()
      await direct.end()
      await postgres[Symbol.asyncDispose]()
    },
  }
}

/** Seconds without the standby, with five revocations in each. */
const SECONDS = 10

test(
  "the only synchronous standby is lost: revocations get a 503, keys are verified, no connections pile up",
  async () => {
    await using replicated = await startReplicated()
    const { url, direct } = replicated
    const { accessToken, apiKey } = await registerWithKey(url)
    const keys = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
        return { id: body.id as string, apiKey: body.key as string }
      }),
    )
    const verdicts = new Map<number, number>()
    let isOver = false

    await replicated.loseStandby()
    const verifying = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status } = await rest(url, "GET", "/auth/me", { apiKey })
        verdicts.set(status, (verdicts.get(status) ?? 0) + 1)
      }
    })
    const revocations: Promise<number>[] = []
    let maxBackends = 0
    for (let count = 0; count < SECONDS * 5; count++) {
      const path = `/auth/apikeys/${keys[count % keys.length]?.id}`
      revocations.push(rest(url, "DELETE", path, { accessToken }).then(({ status }) => status))
      const [row] = await direct`
        select count(*)::int as backends from pg_stat_activity where application_name = 'latchkey'`
      maxBackends = Math.max(maxBackends, row?.backends)
      await sleep(200)
    }
    expect(new Set(await Promise.all(revocations))).toEqual(new Set([503]))
    expect((await rest(url, "GET", "/readyz")).status).toBe(200)
    isOver = true
    await Promise.all(verifying)
    expect([...verdicts.keys()]).toEqual([200])
    expect(maxBackends).toBeLessThanOrEqual(10)

    await replicated.standbyReturns()
    for (const { id } of keys) {
      await eventually(async () =>
        expect([204, 404]).toContain(
          (await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status,
        ),
      )
    }
    for (const { apiKey } of keys) expect((await rest(url, "GET", "/auth/me", { apiKey })).status).toBe(401)
  },
  SECONDS * 1_000 + 180_000,
)

test("an operator cancels the wait for the standby: PostgreSQL reports success, but the server does not", async () => {
  await using replicated = await startReplicated()
  const { url } = replicated
  const { accessToken, id } = await registerWithKey(url)
  await replicated.loseStandby()

  const revocation = await replicated.cancelWaitsOf(
    rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken }),
  )
  expect(revocation).toMatchObject({ status: 503, body: { reason: "UNAVAILABLE", begun: true } })

  // Found revoked, on this server alone.
  expect(await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).toMatchObject({
    status: 503,
    body: { begun: true },
  })
  await replicated.standbyReturns()
  await eventually(async () =>
    expect((await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(404),
  )
})

test("an administrator by configuration who repeats such a revocation does not get 404", async () => {
  const bootstrap = newSecret()
  await using replicated = await startReplicated({ BOOTSTRAP_KEY: bootstrap })
  const { url } = replicated
  const { body: key } = await rest(url, "POST", "/auth/apikeys", {
    apiKey: bootstrap,
    headers: { "latchkey-on-behalf-of": "host ada" },
    body: { label: "x" },
  })
  await replicated.loseStandby()
  const revoke = () => rest(url, "DELETE", `/auth/admin/apikeys/${key.id}`, { apiKey: bootstrap })

  expect(await replicated.cancelWaitsOf(revoke())).toMatchObject({ status: 503, body: { begun: true } })

  expect(await revoke()).toMatchObject({ status: 503, body: { begun: true } })
  await replicated.standbyReturns()
  await eventually(async () => expect((await revoke()).status).toBe(404))
})

test("without the standby, keys are verified whose receipt has to be renewed, or whose calls are counted", async () => {
  await using replicated = await startReplicated()
  const { accessToken, apiKey } = await registerWithKey(replicated.url)
  const { body: limited } = await rest(replicated.url, "POST", "/auth/apikeys", {
    accessToken,
    body: { label: "x", rateLimit: { limit: 1_000, window: 60 } },
  })
  // It knows no receipt of the other one.
  await using server = await startTestServer({
    DATABASE_URL: replicated.databaseUrl,
    AUTH_SECRET: newSecret(),
  })
  await replicated.loseStandby()
  // As many as may wait for a standby.
  const stalled = Array.from({ length: 6 }, () => register(server.url).catch(() => "unavailable"))
  expect(new Set(await Promise.all(stalled))).toEqual(new Set(["unavailable"]))

  expect((await rest(server.url, "GET", "/auth/me", { apiKey })).status).toBe(200)
  expect((await rest(server.url, "GET", "/auth/me", { apiKey: limited.key })).status).toBe(200)
})

test("the role has synchronous_commit off: the server's commits still wait", async () => {
  await using replicated = await startReplicated()
  const { url, direct } = replicated
  await direct`alter role postgres set synchronous_commit = 'off'`
  await direct`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey'`
  const { accessToken, id } = await eventually(() => registerWithKey(url))
  await replicated.loseStandby()

  expect((await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(503)

  await replicated.standbyReturns()
  await eventually(() => register(url))
})
