import { createHash, randomBytes } from "node:crypto"
import {
  codeBlocks,
  connect,
  eventually,
  type Sql,
  startPostgres,
  startStandby,
  type TestPostgres,
} from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { newSecret, register, registerWithKey, rest, startTestServer } from "../testServer.ts"

let primary: TestPostgres
let standby: TestPostgres
let direct: Sql

const [waitForStandby = "", grant = ""] = codeBlocks("docs/postgresql.md", "sql", "Synchronous replication")

/** What the page sets, for this standby. */
const names = /'(ANY 1 \()db2, db3\)'/.exec(waitForStandby)?.[1] ?? ""
const STANDBY = `${names}standby)`

beforeAll(async () => {
  primary = await startPostgres(["wal_keep_size=64MB"])
  standby = await startStandby(primary, "standby")
  direct = connect(primary.url)
  await requireStandby(STANDBY)
})
afterAll(async () => {
  await direct.end({ timeout: 0 })
  await standby[Symbol.asyncDispose]()
  await primary[Symbol.asyncDispose]()
})

/** Sets for which standbys commits wait; none if empty. */
async function requireStandby(names: string) {
  await direct.unsafe(`alter system set synchronous_standby_names = '${names}'`)
  await direct`select pg_reload_conf()`
  await eventually(async () => {
    const [row] = await direct`
      select current_setting('synchronous_standby_names') = ${names}
        and ${names === ""} = not exists (select from pg_stat_replication where sync_state in ('sync', 'quorum')) as done`
    expect(row?.done).toBe(true)
  })
}

const start = (variables: Record<string, string> = {}) =>
  startTestServer({
    DATABASE_URL: primary.url,
    AUTH_SECRET: newSecret(),
    REQUIRE_SYNCHRONOUS: "on",
    ...variables,
  })

const warnings = (log: readonly string[]) =>
  log.map((line) => JSON.parse(line)).flatMap(({ level, msg }) => (level === 40 ? [msg as string] : []))

const NOT_GUARANTEED = { status: 503, body: { reason: "UNAVAILABLE", begun: true } }

test("with its standby, the server answers as usual, without a warning", async () => {
  await using server = await start({ METRICS_PORT: "0" })
  const { accessToken, apiKey, id } = await registerWithKey(server.url)

  expect((await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(204)
  expect((await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(404)
  expect((await rest(server.url, "GET", "/auth/me", { apiKey })).status).toBe(401)
  expect((await rest(server.url, "POST", "/auth/logout", { accessToken })).status).toBe(204)
  expect(warnings(server.log)).toEqual([])
  const metrics = await (await fetch(String(server.metricsUrl))).text()
  expect(metrics).toMatch(/^latchkey_database_synchronous 1$/m)
  expect(metrics).toMatch(/^latchkey_database_standbys 1$/m)
})

describe("while PostgreSQL waits for no standby", () => {
  beforeAll(() => requireStandby(""))
  afterAll(() => requireStandby(STANDBY))

  test("calls that take a right away get 503 with begun, even when repeated; all other calls work", async () => {
    await using server = await start()
    const { url } = server
    const { accessToken, apiKey, id, email, password, refreshToken } = await registerWithKey(url)
    const second = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "y" } })
    const own = `/auth/apikeys/${second.body.id}`

    expect(await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).toMatchObject(NOT_GUARANTEED)
    expect((await rest(url, "GET", "/auth/me", { apiKey })).status).toBe(401)
    expect(await rest(url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).toMatchObject(NOT_GUARANTEED)
    expect(await rest(url, "PATCH", own, { accessToken, body: { allowedIps: ["192.0.2.1"] } })).toMatchObject(
      NOT_GUARANTEED,
    )
    expect(await rest(url, "POST", `${own}/rotate`, { accessToken, body: { grace: 0 } })).toMatchObject(
      NOT_GUARANTEED,
    )
    for (let report = 0; report < 2; report++) {
      expect(
        await rest(url, "POST", "/auth/apikeys/leaked", { body: { key: second.body.key } }),
      ).toMatchObject(NOT_GUARANTEED)
    }
    expect(
      await rest(url, "POST", "/auth/password", {
        accessToken,
        body: { currentPassword: password, newPassword: `${password}2` },
      }),
    ).toMatchObject(NOT_GUARANTEED)
    expect((await rest(url, "POST", "/auth/refresh", { body: { refreshToken } })).status).toBe(200)
    expect(await rest(url, "POST", "/auth/logout", { accessToken })).toMatchObject(NOT_GUARANTEED)
    expect(
      (await rest(url, "POST", "/auth/login", { body: { email, password: `${password}2` } })).status,
    ).toBe(200)

    expect(warnings(server.log)).toEqual([
      "requireSynchronous: synchronous_standby_names is empty, so every revocation is answered with 503",
    ])
  })

  test("reports of a leaked imported key get 503 with begun too, however often they are repeated", async () => {
    await using server = await start({ IMPORTED_KEY_PREFIXES: "sk_live_" })
    const { id } = await registerWithKey(server.url)
    const key = `sk_live_${randomBytes(16).toString("hex")}`
    const hash = createHash("sha256").update(key).digest("hex")
    await direct`
      insert into latchkey.api_keys
        (owner_id, label, created_by, imported_start, imported_length, hash_kind, key_hash, checks)
      select owner_id, 'x', created_by, 'sk_live_', ${key.length}, 'sha256', ${hash}, '{imported}'
      from latchkey.api_keys where id = ${id}`

    for (let report = 0; report < 2; report++) {
      expect(await rest(server.url, "POST", "/auth/apikeys/leaked", { body: { key } })).toMatchObject(
        NOT_GUARANTEED,
      )
    }
    expect((await rest(server.url, "GET", "/auth/me", { apiKey: key })).status).toBe(401)
  })

  test("without the option, there is one warning and a metric", async () => {
    await using server = await start({ REQUIRE_SYNCHRONOUS: "off", METRICS_PORT: "0" })
    const { accessToken, id } = await registerWithKey(server.url)
    expect((await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(204)
    expect(warnings(server.log)).toEqual([
      expect.stringMatching(/^PostgreSQL acknowledges changes before a standby has them: /),
    ])
    const metrics = await (await fetch(String(server.metricsUrl))).text()
    expect(metrics).toMatch(/^latchkey_database_synchronous 0$/m)
  })
})

test("a wait that ends because the standby is no longer required does not count as success", async () => {
  await using server = await start()
  const { accessToken, id } = await registerWithKey(server.url)
  await standby.pause()

  const revocation = rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })
  await eventually(async () => {
    const waiting = await direct`select from pg_stat_activity where wait_event = 'SyncRep'`
    expect(waiting).toHaveLength(1)
  })
  // What Patroni does when its only standby is gone. PostgreSQL then reports success, without a warning.
  await requireStandby("")

  expect(await revocation).toMatchObject(NOT_GUARANTEED)
  standby.resume()
  await requireStandby(STANDBY)
  await eventually(async () =>
    expect((await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(404),
  )
})

test("a role that can't see the standbys: one warning says what to grant, and no success is reported without a guarantee", async () => {
  await direct.unsafe(
    "create role ordinary login; grant usage on schema latchkey to ordinary; grant all on all tables in schema latchkey to ordinary",
  )
  const url = new URL(primary.url)
  url.username = "ordinary"
  await using server = await start({ DATABASE_URL: url.href })
  const { accessToken, id } = await registerWithKey(server.url)
  expect(await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).toMatchObject(
    NOT_GUARANTEED,
  )
  expect(warnings(server.log).filter((line) => line.includes("requireSynchronous"))).toEqual([
    expect.stringMatching(/grant pg_read_all_stats to it$/),
  ])

  await direct.unsafe(grant.replace("latchkey", "ordinary"))
  await eventually(async () =>
    expect((await rest(server.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(404),
  )
})

test("revocations that were answered before the primary is lost hold on the standby", async () => {
  const hosts = [primary, standby].map(({ url }) => new URL(url).host).join(",")
  await using server = await start({
    DATABASE_URL: `postgres://postgres@${hosts}/postgres?target_session_attrs=read-write`,
  })
  const { url } = server
  const users = await Promise.all(Array.from({ length: 8 }, () => registerWithKey(url)))
  const revoked: string[] = []
  let isOver = false
  const revoking = users.map(async ({ accessToken, ...first }) => {
    for (let key = { id: first.id, apiKey: first.apiKey }; !isOver; ) {
      const { status } = await rest(url, "DELETE", `/auth/apikeys/${key.id}`, { accessToken })
      if (status === 204) revoked.push(key.apiKey)
      const { status: created, body } = await rest(url, "POST", "/auth/apikeys", {
        accessToken,
        body: { label: "x" },
      })
      if (created === 201) key = { id: body.id, apiKey: body.key }
    }
  })
  await eventually(() => expect(revoked.length).toBeGreaterThan(20))

  process.kill(primary.pid, "SIGKILL")
  const onStandby = connect(standby.url)
  await onStandby`select pg_promote()`
  isOver = true
  await Promise.all(revoking)
  await eventually(() => register(url))

  for (const apiKey of revoked) {
    await eventually(async () => expect((await rest(url, "GET", "/auth/me", { apiKey })).status).toBe(401))
  }
  await onStandby.end()
})
