import { startPostgres, type TestPostgres } from "@latchkey/test-postgres"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"
import { createLedger } from "./ledger.ts"
import { GOOD, startLoad } from "./startLoad.ts"

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres[Symbol.asyncDispose]())

/** Each caller has asked several times while nothing answered. */
const WHILE_AWAY = 24

test.each([
  ["stopped", () => postgres.stop(), () => postgres.start()],
  ["paused", () => postgres.pause(), async () => postgres.resume()],
] as const)(
  "PostgreSQL %s under load: 200 or 503 within 5 s, and well again within 5 s of its return",
  async (_, begin, end) => {
    const server = spawnBuiltServer({
      DATABASE_URL: postgres.url,
      AUTH_SECRET: newSecret(),
      MAX_KEYS_PER_USER: "100000",
    })
    const url = await server.url
    const { email, password, accessToken } = await register(url)
    const ledger = createLedger()
    const load = await startLoad(url, ledger)
    await load.untilAnswered(100, GOOD)

    await begin()
    await load.untilAnswered(WHILE_AWAY, [503])
    expect((await rest(url, "GET", "/healthz")).status).toBe(200)
    await end()

    await vi.waitFor(
      async () => {
        const replies = await Promise.all([
          rest(url, "GET", "/readyz"),
          rest(url, "GET", "/auth/me", { accessToken }),
          rest(url, "POST", "/auth/login", { body: { email, password } }),
        ])
        expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
      },
      { timeout: 5_000, interval: 50 },
    )
    await load.untilAnswered(100, GOOD)

    const answers = await load.stop()
    expect(Object.keys(answers).sort()).toEqual(["200", "201", "204", "503"])
    expect(ledger.revoked()).toBeGreaterThan(0)
    await ledger.verify(url)
    expect(server.child.exitCode).toBeNull()
  },
  60_000,
)

test("PostgreSQL restarted again and again under load: nothing that was answered is lost", async () => {
  const server = spawnBuiltServer({
    DATABASE_URL: postgres.url,
    AUTH_SECRET: newSecret(),
    MAX_KEYS_PER_USER: "100000",
  })
  const url = await server.url
  const ledger = createLedger()
  const load = await startLoad(url, ledger)
  for (let restart = 0; restart < 10; restart++) {
    await load.untilAnswered(30, GOOD)
    await postgres.stop()
    await postgres.start()
  }
  await load.untilAnswered(30, GOOD)

  const answers = await load.stop()
  expect(Object.keys(answers).filter((answer) => !["200", "201", "204", "503"].includes(answer))).toEqual([])
  await ledger.verify(url)
  expect(server.child.exitCode).toBeNull()
}, 60_000)
