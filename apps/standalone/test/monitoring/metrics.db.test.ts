import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { register, rest, startServerOnPostgres } from "../testServer.ts"

let server: Awaited<ReturnType<typeof startServerOnPostgres>>
beforeAll(async () => {
  server = await startServerOnPostgres(inject("postgresUrl"), { METRICS_PORT: "0" })
})
afterAll(() => server[Symbol.asyncDispose]())

const read = async (url = server.metricsUrl) => (await fetch(String(url))).text()

/** The value of the series with this name and exactly these labels; 0 if there is none. */
async function readValue(name: string, labels: Record<string, string> = {}): Promise<number> {
  const wanted = JSON.stringify(Object.entries(labels).sort())
  for (const line of (await read()).split("\n")) {
    const [, series, text = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    const found = [...text.matchAll(/(\w+)="([^"]*)"/g)]
      .map(([, label, labelValue]) => [label, labelValue])
      .sort()
    if (series === name && JSON.stringify(found) === wanted) return Number(value)
  }
  return 0
}

/** By how much each series grows during `work`. */
async function measureGrowth(series: [string, Record<string, string>?][], work: () => Promise<unknown>) {
  const before = await Promise.all(series.map(([name, labels]) => readValue(name, labels)))
  await work()
  const after = await Promise.all(series.map(([name, labels]) => readValue(name, labels)))
  return after.map((value, index) => value - (before[index] ?? 0))
}

test("metrics are served to GET on their own port, which serves nothing else, and on no other port", async () => {
  const reply = await fetch(String(server.metricsUrl))
  expect(reply.status).toBe(200)
  expect(reply.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(await reply.text()).toMatch(/^process_cpu_seconds_total /m)

  const post = await fetch(String(server.metricsUrl), { method: "POST" })
  expect(post.status).toBe(405)
  expect(post.headers.get("allow")).toBe("GET")
  for (const path of ["/", "/healthz", "/auth/me", "/trpc/auth.me"]) {
    expect((await fetch(new URL(path, String(server.metricsUrl)))).status).toBe(404)
  }
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
})

test("credentials are counted by kind and verdict", async () => {
  const { accessToken } = await register(server.url)
  const { body: created } = await rest(server.url, "POST", "/auth/apikeys", {
    accessToken,
    body: { label: "x" },
  })
  const wrong = created.key.slice(0, 63) + (created.key.endsWith("0") ? "1" : "0")
  const verdict = (credential: string, verdict: string): [string, Record<string, string>] => [
    "latchkey_verdicts_total",
    { credential, verdict },
  ]

  expect(
    await measureGrowth(
      [
        verdict("apiKey", "accepted"),
        verdict("apiKey", "malformed"),
        verdict("apiKey", "unknown"),
        verdict("apiKey", "mismatch"),
        verdict("accessToken", "accepted"),
        verdict("accessToken", "invalid"),
        verdict("accessToken", "ended"),
        verdict("none", "none"),
        verdict("none", "malformed"),
        verdict("none", "ambiguous"),
      ],
      async () => {
        for (const credential of [
          { apiKey: created.key },
          { apiKey: "hunter2" },
          { apiKey: "0".repeat(64) },
          { apiKey: wrong },
          { accessToken },
          { accessToken: `${accessToken}x` },
          {},
          { headers: { authorization: "Basic eDp5" } },
          { accessToken, apiKey: created.key },
        ]) {
          await rest(server.url, "GET", "/auth/me", credential)
        }
        await rest(server.url, "POST", "/auth/logout", { accessToken })
        await rest(server.url, "GET", "/auth/me", { accessToken })
      },
    ),
  ).toEqual([1, 1, 1, 1, 2, 1, 1, 1, 1, 1])
})

test("requests are counted by route and status, batched calls by procedure, and failures by reason", async () => {
  const { accessToken } = await register(server.url)
  const headers = { authorization: `Bearer ${accessToken}` }
  const requestSeries = (method: string, route: string, status: string): [string, Record<string, string>] => [
    "latchkey_request_duration_seconds_count",
    { method, route, status },
  ]

  expect(
    await measureGrowth(
      [
        requestSeries("DELETE", "/auth/apikeys/{key_id}", "404"),
        requestSeries("GET", "/trpc/auth.me", "200"),
        requestSeries("GET", "/trpc (batch)", "207"),
        requestSeries("GET", "unknown", "404"),
        requestSeries("other", "unknown", "404"),
        ["latchkey_batched_calls_total", { procedure: "auth.me" }],
        ["latchkey_batched_calls_total", { procedure: "unknown" }],
        ["latchkey_failures_total", { reason: "NOT_FOUND" }],
      ],
      async () => {
        await rest(server.url, "DELETE", "/auth/apikeys/made-up", { accessToken })
        await rest(server.url, "GET", "/trpc/auth.me", { accessToken })
        await rest(server.url, "GET", "/trpc/auth.me,auth.me,made.up?batch=1", { headers })
        await rest(server.url, "GET", "/made-up")
        await rest(server.url, "PROPFIND", "/made-up")
      },
    ),
  ).toEqual([1, 1, 1, 1, 1, 2, 1, 4])
})

test("bcrypt operations, batched reads and database connections are measured", async () => {
  expect(
    await measureGrowth(
      [
        ["latchkey_bcrypt_duration_seconds_count", { purpose: "password", result: "hashed" }],
        ["latchkey_bcrypt_duration_seconds_count", { purpose: "password", result: "mismatch" }],
        ["latchkey_bcrypt_duration_seconds_count", { purpose: "newKey", result: "hashed" }],
        ["latchkey_batch_size_sum", { of: "sessions" }],
      ],
      async () => {
        const { email, accessToken } = await register(server.url)
        await rest(server.url, "POST", "/auth/login", { body: { email, password: "not this one at all" } })
        await rest(server.url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
      },
    ),
  ).toEqual([1, 1, 1, 1])
  expect(await readValue("latchkey_bcrypts_pending", { purpose: "password" })).toBe(0)
  expect(await readValue("latchkey_database_connections_max")).toBe(10)
  expect(await readValue("latchkey_database_connections_in_use")).toBe(0)
  expect(await readValue("latchkey_database_queries_waiting")).toBe(0)
  expect(await readValue("latchkey_database_queries_refused_total")).toBe(0)
  expect(await readValue("latchkey_database_query_duration_seconds_count")).toBeGreaterThan(3)
})

test("answers from memory and the waits for leases are measured", async () => {
  await using leased = await startServerOnPostgres(inject("postgresUrl"), {
    METRICS_PORT: "0",
    VERIFY_LEASE: "1",
  })
  const page = () => read(leased.metricsUrl)
  expect(await page()).toMatch(/^latchkey_leases_held 0$/m)
  const { accessToken } = await register(leased.url)
  for (let call = 0; call < 2; call++) {
    expect((await rest(leased.url, "GET", "/auth/me", { accessToken })).status).toBe(200)
  }
  await rest(leased.url, "POST", "/auth/logout", { accessToken })
  const after = await page()
  expect(after).toMatch(/^latchkey_leases_held 1$/m)
  expect(after).toMatch(/^latchkey_remembered_reads_total\{of="sessions"\} [1-9]/m)
  expect(after).toMatch(/^latchkey_lease_wait_duration_seconds_count [1-9]/m)
  expect(await read()).not.toContain("latchkey_leases_held")
})
