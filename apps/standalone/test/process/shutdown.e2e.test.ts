import { once } from "node:events"
import { createMigratedDatabase, newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { eventually } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"

/** Few enough that a busy machine runs their bcrypts within the time that a stopping server gives them. */
const IN_FLIGHT = 4

test("SIGTERM: requests in flight finish, buffered data is written, exit code 0", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const variables = { DATABASE_URL: database.url, AUTH_SECRET: newSecret() }
  const server = spawnBuiltServer(variables)
  const url = await server.url
  const { accessToken } = await register(url)
  const { body } = await rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "x" } })
  await rest(url, "GET", "/auth/me", { apiKey: body.key })

  const inFlight = Array.from({ length: IN_FLIGHT }, () =>
    rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "in flight" } }),
  )
  // After the first response, the other requests have arrived and are waiting for bcrypt.
  await Promise.race(inFlight)
  server.child.kill("SIGTERM")
  const replies = await Promise.all(inFlight)

  expect(await server.exited).toEqual({ code: 0, signal: null })
  expect(replies.map(({ status }) => status)).toEqual(Array(IN_FLIGHT).fill(201))
  const next = spawnBuiltServer(variables)
  const list = await rest(await next.url, "GET", "/auth/apikeys", { accessToken })
  expect(list.body.items).toHaveLength(IN_FLIGHT + 1)
  expect(list.body.items.at(-1)).toMatchObject({ id: body.id, lastUsedAt: expect.any(String) })
  next.child.kill("SIGTERM")
  await once(next.child, "exit")
})

test.each([
  ["SIGINT", "SIGINT"],
  ["SIGTERM", "SIGINT"],
] as const)(
  "%s and then %s, as npm forwards Ctrl+C: requests in flight finish, exit code 0",
  async (...signals) => {
    const DATA_DIR = await newMigratedEmbeddedFolder()
    const server = spawnBuiltServer({ DATA_DIR })
    const url = await server.url
    const { accessToken } = await register(url)
    const inFlight = Array.from({ length: IN_FLIGHT }, () =>
      rest(url, "POST", "/auth/apikeys", { accessToken, body: { label: "in flight" } }),
    )
    // After the first response, the other requests have arrived and are waiting for bcrypt.
    await Promise.race(inFlight)
    server.child.kill(signals[0])
    // Lines about requests may come after it.
    await expect
      .poll(() => server.output.some((line) => line.includes("stopping")), { timeout: 10_000 })
      .toBe(true)
    server.child.kill(signals[1])

    const replies = await Promise.all(inFlight)
    expect(replies.map(({ status }) => status)).toEqual(Array(IN_FLIGHT).fill(201))
    expect(await server.exited).toEqual({ code: 0, signal: null })
  },
  180_000,
)

test("after SIGTERM, /readyz reports the shutdown while requests are still served", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const server = spawnBuiltServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
  const url = await server.url
  const { accessToken } = await register(url)
  expect((await rest(url, "GET", "/readyz")).status).toBe(200)

  server.child.kill("SIGTERM")

  await eventually(async () =>
    expect(await rest(url, "GET", "/readyz")).toMatchObject({
      status: 503,
      body: { reason: "UNAVAILABLE", message: "Shutting down." },
    }),
  )
  // A new connection, as from a client that has not noticed the shutdown.
  expect((await rest(url, "GET", "/auth/me", { accessToken, headers: { connection: "close" } })).status).toBe(
    200,
  )
  expect(await server.exited).toEqual({ code: 0, signal: null })
  const levels = server.output.map((line) => JSON.parse(line).level)
  expect(new Set(levels)).toEqual(new Set([30]))
})
