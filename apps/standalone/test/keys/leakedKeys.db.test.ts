import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { codeBlock, connect } from "@latchkey/test-postgres"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { holdLock } from "../races/holdLock.ts"
import {
  newSecret,
  type RestCall,
  registerWithKey,
  rest,
  startServerOnPostgres,
  startTestServer,
  type TestServer,
} from "../testServer.ts"

const bootstrap = newSecret()

/** Two instances that share a database. */
let here: Awaited<ReturnType<typeof startServerOnPostgres>>
let there: TestServer
let sql: ReturnType<typeof connect>
beforeAll(async () => {
  const variables = { BOOTSTRAP_KEY: bootstrap, TRUST_PROXY: "1", SCOPES: "reports:read" }
  here = await startServerOnPostgres(inject("postgresUrl"), variables)
  there = await startTestServer({ ...here.shared, ...variables, KEY_PREFIX: "acme" })
  sql = connect(here.shared.DATABASE_URL)
})
afterAll(async () => {
  await sql.end()
  await there[Symbol.asyncDispose]()
  await here[Symbol.asyncDispose]()
})

type User = Awaited<ReturnType<typeof registerWithKey>>

const report = (key: string, call: RestCall = {}, url = here.url) =>
  rest(url, "POST", "/auth/apikeys/leaked", { body: { key }, ...call })

const accepted = { status: 202, body: null }

const statuses = (apiKey: string) =>
  Promise.all([here, there].map(async ({ url }) => (await rest(url, "GET", "/auth/me", { apiKey })).status))

const rowOf = async (id: string) =>
  (await sql`select revoked_at is not null as revoked, key_hash, receipt from api_keys where id = ${id}`)[0]

const trailOf = async ({ accessToken }: User, kind: string) =>
  (await rest(here.url, "GET", `/auth/audit?kind=${kind}`, { accessToken })).body.items

test("reporting an active key revokes it on every instance, and its owner's trail records it", async () => {
  const user = await registerWithKey(here.url)
  expect(await statuses(user.apiKey)).toEqual([200, 200])
  const headers = { "user-agent": "curl/8", "x-forwarded-for": "203.0.113.7" }
  expect(await report(user.apiKey, { headers })).toMatchObject(accepted)

  expect(await statuses(user.apiKey)).toEqual([401, 401])
  expect(await rowOf(user.id)).toEqual({ revoked: true, key_hash: null, receipt: null })
  expect(await trailOf(user, "apiKeyLeaked")).toMatchObject([
    {
      via: "apiKey",
      credentialId: user.id,
      address: "203.0.113.7",
      byAdministrator: false,
      subject: { id: user.id, label: "x" },
    },
  ])
})

test("the documentation's command reports a key", async () => {
  const { id, apiKey: KEY } = await registerWithKey(here.url)
  const command = codeBlock("docs/keys.md", "sh", "Reported as leaked")
  const script = command.replace("localhost:3000", new URL(here.url).host)
  const { stdout } = await promisify(execFile)("sh", ["-ec", script], { env: { ...process.env, KEY } })
  expect(stdout).toBe("202\n")
  expect(await rowOf(id)).toMatchObject({ revoked: true })
})

test("the answer is the same for an active key, a revoked one, a wrong one, and a text that is not a key", async () => {
  const user = await registerWithKey(here.url)
  const wrong = `${user.apiKey.slice(0, 16)}${"0".repeat(48)}`
  const answers = []
  for (const key of [wrong, "not a key", newSecret(), user.apiKey, user.apiKey]) {
    const { status, body, headers } = await report(key)
    answers.push({ status, body, headers: [...headers.keys()].sort() })
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject(accepted)
  expect(await trailOf(user, "apiKeyLeaked")).toHaveLength(1)
})

test("a wrong secret for a known key revokes nothing, with and without a receipt", async () => {
  const user = await registerWithKey(here.url)
  const wrong = `${user.apiKey.slice(0, 16)}${"0".repeat(48)}`
  expect(await report(wrong)).toMatchObject(accepted)
  await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  expect(await report(wrong)).toMatchObject(accepted)
  expect(await statuses(user.apiKey)).toEqual([200, 200])
})

describe("a reported key is revoked, even if it", () => {
  const STATES: [string, (id: string) => Promise<unknown>][] = [
    [
      "is disabled",
      (id) => sql`update api_keys set disabled_at = now(), checks = '{disabled}' where id = ${id}`,
    ],
    [
      "has expired",
      (id) => sql`update api_keys set expires_at = now() - interval '1 minute' where id = ${id}`,
    ],
    [
      "belongs to a disabled owner",
      (id) =>
        sql`update owners set disabled_at = now() where id = (select owner_id from api_keys where id = ${id})`,
    ],
    [
      "does not allow the reporter's address",
      (id) =>
        sql`update api_keys set allowed_ips = '{203.0.113.0/24}', checks = '{allowedIps}' where id = ${id}`,
    ],
    [
      "has used up its limit",
      async (id) => {
        await sql`update api_keys set rate_limit = 1, rate_window = 3600, checks = '{rateLimit}' where id = ${id}`
        await sql`insert into api_key_counters values (${id}, 3600, 9, now() + interval '1 hour')`
      },
    ],
    [
      "needs a check that only a newer version knows",
      (id) => sql`update api_keys set checks = '{moonPhase}' where id = ${id}`,
    ],
    [
      "has no receipt",
      (id) => sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${id}`,
    ],
    [
      "belongs to an issuer that the instance does not serve",
      (id) =>
        sql`with owner as (insert into owners (issuer, subject) values ('https://other.example', ${id}) returning id)
          update api_keys set owner_id = (select id from owner), receipt = null, receipt_secret_id = null where id = ${id}`,
    ],
  ]
  test.each(STATES)("%s", async (_, bring) => {
    const user = await registerWithKey(here.url)
    await bring(user.id)
    expect(await report(user.apiKey)).toMatchObject(accepted)
    expect(await rowOf(user.id)).toEqual({ revoked: true, key_hash: null, receipt: null })
  })

  test("has a prefix; without the prefix, or with another one, it is not that key", async () => {
    const { accessToken } = await registerWithKey(here.url)
    const { body } = await rest(there.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
    expect(body.key).toMatch(/^acme_/)
    expect(await report(body.key.slice(5, 69))).toMatchObject(accepted)
    expect(await statuses(body.key)).toEqual([200, 200])
    expect(await report(body.key)).toMatchObject(accepted)
    expect(await statuses(body.key)).toEqual([401, 401])
  })
})

test("guesses at a key without a receipt are bounded, and the owner's own call still gets through", async () => {
  const variables = { RATE_LIMIT_FACTOR: "1", TRUST_PROXY: "1" }
  await using strict = await startTestServer({ ...here.shared, ...variables })
  const user = await registerWithKey(here.url)
  await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  const headers = { "x-forwarded-for": "198.51.100.7" }
  const guesses = Array.from({ length: 11 }, () => `${user.apiKey.slice(0, 16)}${newSecret().slice(16)}`)
  const replies = await Promise.all(guesses.map((guess) => report(guess, { headers }, strict.url)))
  expect(replies.map(({ status }) => status).sort()).toEqual([...Array(10).fill(202), 503])
  expect(await report(user.apiKey, {}, strict.url)).toMatchObject(accepted)
  expect(await statuses(user.apiKey)).toEqual([401, 401])
})

test("beyond the limit of an address, a report is 429 and changes nothing; other addresses still report", async () => {
  await using strict = await startTestServer({ ...here.shared, RATE_LIMIT_FACTOR: "1", TRUST_PROXY: "1" })
  const user = await registerWithKey(here.url)
  const headers = { "x-forwarded-for": "198.51.100.8" }
  // Fewer at once than a busy machine would refuse with 503.
  for (let reports = 0; reports < 300; reports += 50) {
    const others = Array.from({ length: 50 }, () => report("not a key", { headers }, strict.url))
    expect(new Set((await Promise.all(others)).map(({ status }) => status))).toEqual(new Set([202]))
  }

  const refused = await report(user.apiKey, { headers }, strict.url)
  expect(refused).toMatchObject({ status: 429, body: { reason: "RATE_LIMITED", begun: false } })
  expect(refused.headers.get("retry-after")).not.toBeNull()
  expect(await statuses(user.apiKey)).toEqual([200, 200])
  expect(await report(user.apiKey, {}, strict.url)).toMatchObject(accepted)
})

test("a configured key stays valid, and the log warns about it without the key", async () => {
  expect(await report(bootstrap)).toMatchObject(accepted)
  expect((await rest(here.url, "GET", "/auth/me", { apiKey: bootstrap })).status).toBe(200)
  const warning = here.log.find((line) => line.includes("reported as leaked"))
  expect(JSON.parse(warning ?? "{}")).toMatchObject({
    level: 40,
    msg: expect.stringContaining("(bootstrap)"),
  })
})

test("invalid input is 400 and names the field, not the key", async () => {
  for (const body of [{}, { key: "" }, { key: "a".repeat(257) }, { key: 1 }, { key: newSecret(), x: 1 }]) {
    const reply = await rest(here.url, "POST", "/auth/apikeys/leaked", { body })
    expect(reply).toMatchObject({ status: 400, body: { reason: "INVALID_INPUT" } })
    expect(JSON.stringify(reply.body)).not.toContain("a".repeat(20))
  }
})

test("the answer waits until the revocation is certain, and a change that waits for it finds no key", async () => {
  const user = await registerWithKey(here.url)
  // Holds the report between its row and its event.
  const lock = await holdLock(here.shared.DATABASE_URL, (tx) => tx`lock table audit_events in exclusive mode`)
  let isAnswered = false
  const reporting = report(user.apiKey).finally(() => {
    isAnswered = true
  })
  await lock.untilWaiting(1)
  const { accessToken, id } = user
  const changing = rest(there.url, "PATCH", `/auth/apikeys/${id}`, { accessToken, body: { label: "late" } })
  await lock.untilWaiting(2)
  expect(isAnswered).toBe(false)

  await lock.release()
  expect(await reporting).toMatchObject(accepted)
  expect(await changing).toMatchObject({ status: 404, body: { reason: "NOT_FOUND" } })
  expect(await statuses(user.apiKey)).toEqual([401, 401])
})

test("a report waits for a change in progress, and the key is revoked all the same", async () => {
  const user = await registerWithKey(here.url)
  const change = await holdLock(
    here.shared.DATABASE_URL,
    (tx) => tx`update api_keys set label = 'renamed', receipt = null where id = ${user.id}`,
  )
  const reporting = report(user.apiKey)
  await change.untilWaiting(1)
  await change.commit()
  expect(await reporting).toMatchObject(accepted)
  expect(await statuses(user.apiKey)).toEqual([401, 401])
  expect(await trailOf(user, "apiKeyLeaked")).toMatchObject([{ subject: { label: "renamed" } }])
})

test("a bcrypt that is running when its key is reported does not make the key valid again", async () => {
  const user = await registerWithKey(here.url)
  await sql`update api_keys set receipt = null, receipt_secret_id = null where id = ${user.id}`
  // Holds the receipt of the bcrypt back.
  const lock = await holdLock(
    here.shared.DATABASE_URL,
    (tx) => tx`select 1 from api_keys where id = ${user.id} for update`,
  )
  const verifying = rest(here.url, "GET", "/auth/me", { apiKey: user.apiKey })
  await lock.untilWaiting(1)
  const reporting = report(user.apiKey, {}, there.url)
  await lock.untilWaiting(2)
  await lock.release()
  expect(await reporting).toMatchObject(accepted)
  expect([200, 401]).toContain((await verifying).status)
  expect(await statuses(user.apiKey)).toEqual([401, 401])
})
