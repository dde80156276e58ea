import { connect } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { registerWithKey, rest, spawnBuiltServer } from "../testServer.ts"
import { askBothWorkers, linesOf, startWorkers } from "./startWorkers.ts"

test("two workers start concurrently on an empty database: one line says that they serve, and both do", async () => {
  await using running = await startWorkers()
  const { server, url } = running
  const { apiKey } = await registerWithKey(url)

  const statuses = await askBothWorkers(running, Array(8).fill({ apiKey }))

  expect(new Set(statuses)).toEqual(new Set([200]))
  const serving = linesOf(server).filter(({ msg }) => msg?.startsWith("serving on"))
  expect(serving).toEqual([expect.objectContaining({ url, workers: 2, database: "PostgreSQL" })])
})

test("a revoked key is rejected by every worker from the next request on", async () => {
  await using running = await startWorkers()
  for (let round = 0; round < 5; round++) {
    const { apiKey, id, accessToken } = await registerWithKey(running.url)
    const before = await askBothWorkers(running, Array(8).fill({ apiKey }))
    expect(new Set(before)).toEqual(new Set([200]))

    expect((await rest(running.url, "DELETE", `/auth/apikeys/${id}`, { accessToken })).status).toBe(204)

    const after = await askBothWorkers(running, Array(8).fill({ apiKey }))
    expect(new Set(after)).toEqual(new Set([401]))
  }
})

test("the workers see the client's address, and share the connections to the database", async () => {
  await using running = await startWorkers({ TRUST_PROXY: "1", DATABASE_CONNECTIONS: "5" })
  const { apiKey } = await registerWithKey(running.url)
  const headers = { "x-forwarded-for": "203.0.113.7", connection: "close" }
  for (const round of [1, 2, 3, 4]) {
    void round
    await Promise.all(
      Array.from({ length: 20 }, () => rest(running.url, "GET", "/auth/apikeys", { apiKey, headers })),
    )
  }

  await expect
    .poll(() => running.server.output.filter((line) => line.includes('"address":"203.0.113.7"')))
    .toHaveLength(80)
  const sql = connect(running.database.url)
  const [row] = await sql`
    select count(*)::int as open from pg_stat_activity
    where datname = current_database() and application_name = 'latchkey'`
  await sql.end()
  expect(row?.open).toBeLessThanOrEqual(5)
  expect(row?.open).toBeGreaterThan(1)
})

test("the times of last use that each worker has collected are written at the end", async () => {
  await using running = await startWorkers()
  const keys = await Promise.all(Array.from({ length: 6 }, () => registerWithKey(running.url)))
  await askBothWorkers(
    running,
    keys.map(({ apiKey }) => ({ apiKey })),
  )
  running.server.child.kill("SIGTERM")
  expect(await running.server.exited).toEqual({ code: 0, signal: null })

  const next = spawnBuiltServer({ ...running.shared, WORKERS: "1" })
  for (const { accessToken } of keys) {
    const { body } = await rest(await next.url, "GET", "/auth/apikeys", { accessToken })
    expect(body.items).toEqual([expect.objectContaining({ lastUsedAt: expect.any(String) })])
  }
  next.child.kill("SIGTERM")
  await next.exited
})
