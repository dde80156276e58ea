import { readFile } from "node:fs/promises"
import { connect, startPostgres, type TestPostgres } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, test } from "vitest"
import { startMailServer } from "../accounts/startMailServer.ts"
import { newSecret, startTestServer } from "../testServer.ts"
import { walk } from "./walk.ts"

/** Makes PostgreSQL log as much as it can: every statement and its parameters. */
const VERBOSE = [
  "log_statement=all",
  "log_parameter_max_length=-1",
  "log_parameter_max_length_on_error=-1",
  "log_min_messages=debug1",
  "log_error_verbosity=verbose",
]

let postgres: TestPostgres
let postgresLog: string
let serverLog: string
let metrics: string
let tables: Record<string, string>
let walked: Awaited<ReturnType<typeof walk>>
beforeAll(async () => {
  postgres = await startPostgres(VERBOSE)
  const AUTH_SECRET = newSecret()
  const configured = { bootstrap: newSecret(), introspection: newSecret() }
  await using mail = await startMailServer()
  const server = await startTestServer({
    ...mail.variables,
    DATABASE_URL: postgres.url,
    AUTH_SECRET,
    BOOTSTRAP_KEY: configured.bootstrap,
    INTROSPECTION_KEYS: configured.introspection,
    METRICS_PORT: "0",
  })
  walked = await walk(server.url, postgres, configured, mail)
  walked.canaries.note("AUTH_SECRET", AUTH_SECRET)
  metrics = await (await fetch(`${server.metricsUrl}`)).text()
  await server[Symbol.asyncDispose]()
  tables = await readTables(postgres.url)
  await postgres.stop()
  postgresLog = await readFile(postgres.log, "utf8")
  serverLog = server.log.join("")
})
afterAll(() => postgres[Symbol.asyncDispose]())

async function readTables(url: string) {
  const sql = connect(url)
  const names = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'latchkey'`
  const texts: Record<string, string> = {}
  for (const { name } of names) {
    const rows = await sql<{ text: string }[]>`select t::text as text from ${sql(name)} t`
    texts[name] = rows.map(({ text }) => text).join("\n")
  }
  await sql.end()
  return texts
}

test("a key is only in the response to its creation or rotation", () => {
  const withKey = walked.responses.filter(({ found }) => found.includes("API key"))
  expect(withKey.map(({ call }) => call)).toEqual([
    "POST /auth/apikeys",
    "POST /trpc/apiKeys.create",
    "POST /auth/apikeys/{key_id}/rotate",
    "POST /trpc/apiKeys.rotate",
    "POST /auth/apikeys on behalf of an owner",
  ])
})

test("tokens are only in the responses that issue them, and no response repeats a password or a wrong credential", () => {
  const issued: [RegExp, string[]][] = [
    [/auth.login/, ["access token", "refresh token", "challenge"]],
    [/auth.(register|refresh)/, ["access token", "refresh token"]],
    [/second-factor$/, ["TOTP secret"]],
    [/second-factor\/(confirm|recovery-codes)/, ["recovery code"]],
    [/./, ["API key"]],
  ]
  for (const { call, found } of walked.responses) {
    const expected = issued.find(([path]) => path.test(call))?.[1] ?? []
    expect({ call, unexpected: found.filter((name) => !expected.includes(name)) }).toEqual({
      call,
      unexpected: [],
    })
  }
})

test("the secrets of links and second factors were used", () => {
  const found = walked.responses.flatMap(({ found }) => found)
  expect(found).toEqual(expect.arrayContaining(["challenge", "TOTP secret", "recovery code"]))
  expect(found).not.toContain("link's token")
  expect(walked.statuses).toMatchObject({ reset: 204, verify: 204, answer: 200 })
})

test("the server's log at trace level contains no secret", () => {
  expect(serverLog.split("\n").length).toBeGreaterThan(walked.responses.length)
  expect(serverLog).toContain('"status":503')
  expect(walked.canaries.findEncoded(serverLog)).toEqual([])
})

test("the metrics contain no secret", () => {
  expect(metrics).toContain("latchkey_")
  expect(walked.canaries.findEncoded(metrics)).toEqual([])
})

test("no table contains a secret in any encoding", () => {
  expect(Object.keys(tables)).toEqual(
    expect.arrayContaining(["owners", "sessions", "api_keys", "account_tokens", "second_factors"]),
  )
  for (const [name, text] of Object.entries(tables)) {
    expect({ name, found: walked.canaries.findEncoded(text) }).toEqual({ name, found: [] })
  }
})

/**
 * The parameters are what tables store and lookups need: lookup ids, bcrypt hashes, receipts, and SHA-256 digests of
 * the parts of refresh tokens. None of these is a credential.
 */
test("PostgreSQL's log of all statements and their parameters contains no secret", () => {
  expect(postgresLog).toContain(walked.lookupId)
  expect(postgresLog).toMatch(/\$2b\$\d\d\$/)
  expect(walked.canaries.findEncoded(postgresLog)).toEqual([])
})
