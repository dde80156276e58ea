import { eventually, startPostgres, type TestPostgres } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, test } from "vitest"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"
import { createLedger } from "./ledger.ts"
import { SUCCESS, startLoad } from "./startLoad.ts"

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

/** Responses to wait for during an outage: several for each caller. */
const DURING_OUTAGE = 24

test.each([
  ["stopped", () => postgres.stop(), () => postgres.start()],
  ["paused", () => postgres.pause(), async () => postgres.resume()],
] as const)(
  "PostgreSQL %s under load: calls succeed or get a 503 within 5 s, and the server recovers within 5 s",
  async (_, interrupt, restore) => {
    const server = spawnBuiltServer({
      DATABASE_URL: postgres.url,
      AUTH_SECRET: newSecret(),
      MAX_KEYS_PER_USER: "100000",
    })
    const url = await server.url
    const { email, password, accessToken } = await register(url)
    const ledger = createLedger()
    const load = await startLoad(url, ledger)
    await load.untilResponses(100, SUCCESS)

    await interrupt()
    await load.untilResponses(DURING_OUTAGE, [503])
    expect((await rest(url, "GET", "/healthz")).status).toBe(200)
    await restore()

    await eventually(async () => {
      const replies = await Promise.all([
        rest(url, "GET", "/readyz"),
        rest(url, "GET", "/auth/me", { accessToken }),
        rest(url, "POST", "/auth/login", { body: { email, password } }),
      ])
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    })
    await load.untilResponses(100, SUCCESS)

    const outcomes = await load.stop()
    expect(Object.keys(outcomes).sort()).toEqual(["200", "201", "204", "503"])
    expect(ledger.revoked()).toBeGreaterThan(0)
    await ledger.verify(url)
    expect(server.child.exitCode).toBeNull()
  },
  180_000,
)

test("PostgreSQL restarted repeatedly under load: no acknowledged change is lost", async () => {
  const server = spawnBuiltServer({
    DATABASE_URL: postgres.url,
    AUTH_SECRET: newSecret(),
    MAX_KEYS_PER_USER: "100000",
  })
  const url = await server.url
  const ledger = createLedger()
  const load = await startLoad(url, ledger)
  for (let restart = 0; restart < 10; restart++) {
    await load.untilResponses(30, SUCCESS)
    await postgres.stop()
    await postgres.start()
  }
  await load.untilResponses(30, SUCCESS)

  const outcomes = await load.stop()
  expect(Object.keys(outcomes).filter((one) => !["200", "201", "204", "503"].includes(one))).toEqual([])
  await ledger.verify(url)
  expect(server.child.exitCode).toBeNull()
})
