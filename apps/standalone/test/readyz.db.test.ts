import { createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test, vi } from "vitest"
import { newSecret, register, rest, spawnBuiltServer, startTestServer } from "./testServer.ts"

test("/readyz distinguishes an unavailable database from a shutdown", async () => {
  const database = await createTestDatabase(inject("postgresUrl"))
  await using server = await startTestServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
  expect(await rest(server.url, "GET", "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } })

  await database[Symbol.asyncDispose]()

  expect(await rest(server.url, "GET", "/readyz")).toMatchObject({
    status: 503,
    body: { code: "SERVICE_UNAVAILABLE", reason: "UNAVAILABLE", message: "The database does not answer." },
  })
})

test("after SIGTERM, /readyz reports the shutdown while requests are still served", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  const server = spawnBuiltServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
  const url = await server.url
  const { accessToken } = await register(url)
  expect((await rest(url, "GET", "/readyz")).status).toBe(200)

  server.child.kill("SIGTERM")

  await vi.waitFor(
    async () =>
      expect(await rest(url, "GET", "/readyz")).toMatchObject({
        status: 503,
        body: { reason: "UNAVAILABLE", message: "Shutting down." },
      }),
    { timeout: 10_000, interval: 20 },
  )
  // A new connection, as from a client that has not noticed the shutdown.
  expect((await rest(url, "GET", "/auth/me", { accessToken, headers: { connection: "close" } })).status).toBe(
    200,
  )
  expect(await server.exited).toEqual({ code: 0, signal: null })
  const levels = server.output.map((line) => JSON.parse(line).level)
  expect(new Set(levels)).toEqual(new Set([30]))
}, 60_000)
