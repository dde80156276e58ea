import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { registerWithKey, rest, startServerOnPostgres } from "../testServer.ts"
import { startSlowClients } from "./slowClients.ts"

const HEALTH = request("GET /healthz", ["Connection: keep-alive"])

/** Milliseconds that the clients of other connections wait. */
const DEADLINE = 20_000

/** These tests mostly wait, and so all at the same time. */
describe("by default", () => {
  let server: Awaited<ReturnType<typeof startServerOnPostgres>>
  beforeAll(async () => {
    server = await startServerOnPostgres(inject("postgresUrl"))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.concurrent("an idle connection outlives the 60 s timeout of load balancers", async () => {
    using connection = openConnection(server.url)
    connection.write(HEALTH)
    expect((await connection.read())?.headers.get("keep-alive")).toBe("timeout=75")
    await sleep(66_000)
    connection.write(HEALTH)
    expect(await connection.read()).toMatchObject({ status: 200 })
  })

  test.concurrent("clients that read or send one byte per second delay nobody, and are cut off eventually", async ({
    onTestFinished,
  }) => {
    const { apiKey } = await registerWithKey(server.url)
    let isOver = false
    const done = Promise.all(startSlowClients(server.url, onTestFinished)).finally(() => {
      isOver = true
    })

    while (!isOver) {
      const signal = AbortSignal.timeout(DEADLINE)
      expect((await rest(server.url, "GET", "/auth/me", { apiKey, signal })).status).toBe(200)
      await sleep(200)
    }
    await done
  })

  test.concurrent("a second request that arrives too slowly gets a 408", async () => {
    using connection = openConnection(server.url)
    connection.write(HEALTH)
    await connection.read()
    connection.write("GET /healthz HTTP/1.1\r\nHost: x\r\n")
    expect(await connection.read()).toMatchObject({ status: 408 })
    await connection.closed()
  })
})

test("KEEP_ALIVE_TIMEOUT sets for how many seconds an idle connection stays open", async () => {
  await using server = await startServerOnPostgres(inject("postgresUrl"), { KEEP_ALIVE_TIMEOUT: "2" })
  using connection = openConnection(server.url)
  connection.write(HEALTH)
  expect((await connection.read())?.headers.get("keep-alive")).toBe("timeout=2")
  await connection.closed()
  expect(connection.error()).toBeNull()
})
