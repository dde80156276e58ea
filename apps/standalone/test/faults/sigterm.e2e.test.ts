import { createMigratedDatabase } from "@latchkey/db/test"
import { connect, createTcpProxy } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"

/** Milliseconds in which the process must exit. */
const EXIT_TIMEOUT = 30_000

test("SIGTERM under load: every change is acknowledged, no response is cut off, exit code 0", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  await using proxy = await createTcpProxy(new URL(database.url))
  const server = spawnBuiltServer({
    DATABASE_URL: proxy.url,
    AUTH_SECRET: newSecret(),
    MAX_KEYS_PER_USER: "100000",
  })
  const url = await server.url
  const { accessToken } = await register(url)
  const body = { label: "x" }
  let acknowledged = 0
  let notReceived = 0
  const wrong: unknown[] = []
  const create = () =>
    rest(url, "POST", "/auth/apikeys", { accessToken, body }).then(
      ({ status }) => {
        if (status === 201) acknowledged++
        else wrong.push(status)
        return true
      },
      ({ cause }) => {
        // The connection was closed or refused before the request arrived. The count of keys below confirms this.
        notReceived++
        if (!/^(ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET)$/.test(cause.code)) wrong.push(cause)
        return false
      },
    )
  const callers = Array.from({ length: 8 }, async () => {
    while (await create());
  })
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(20)

  // When the signal arrives, every caller has a creation in flight.
  await proxy.hold("database")
  server.child.kill("SIGTERM")
  await expect.poll(() => server.output.at(-1)).toContain("stopping")
  proxy.release()

  const timeout = AbortSignal.timeout(EXIT_TIMEOUT)
  const timedOut = new Promise<never>((_, reject) =>
    timeout.addEventListener("abort", () => reject(new Error("the process did not exit"))),
  )
  expect(await Promise.race([server.exited, timedOut])).toEqual({ code: 0, signal: null })
  await Promise.all(callers)

  expect(wrong).toEqual([])
  expect(notReceived).toBe(callers.length)
  const sql = connect(database.url)
  const [row] = await sql<{ keys: number }[]>`select count(*)::int as keys from api_keys`
  await sql.end()
  expect(row?.keys).toBe(acknowledged)
})

test("SIGTERM: connections that wait in the kernel's accept queue get their responses", async () => {
  await using database = await createMigratedDatabase(inject("postgresUrl"))
  const server = spawnBuiltServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
  const url = await server.url
  // While the process is stopped, the kernel opens connections for it and queues them.
  server.child.kill("SIGSTOP")
  const connections = Array.from({ length: 50 }, () => openConnection(url))
  await Promise.all(connections.map((connection) => connection.opened))
  for (const connection of connections) connection.write(request("GET /auth/me", ["Connection: keep-alive"]))
  server.child.kill("SIGTERM")
  server.child.kill("SIGCONT")

  for (const connection of connections) {
    const reply = await connection.read()
    expect(reply?.status).toBe(401)
    await connection.closed()
    expect(connection.error()).toBeNull()
  }
  expect(await server.exited).toEqual({ code: 0, signal: null })
})
