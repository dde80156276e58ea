import { connect, createTcpProxy, createTestDatabase } from "@latchkey/test-postgres"
import { expect, inject, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"

/** Milliseconds in which the process has to be gone. */
const GONE_WITHIN = 10_000

test("SIGTERM under load: what was done was answered, nothing is broken off, exit code 0", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  await using link = await createTcpProxy(new URL(database.url))
  const server = spawnBuiltServer({
    DATABASE_URL: link.url,
    AUTH_SECRET: newSecret(),
    MAX_KEYS_PER_USER: "100000",
  })
  const url = await server.url
  const { accessToken } = await register(url)
  const body = { label: "x" }
  let answered = 0
  let notTaken = 0
  const wrong: unknown[] = []
  const create = () =>
    rest(url, "POST", "/auth/apikeys", { accessToken, body }).then(
      ({ status }) => {
        if (status === 201) answered++
        else wrong.push(status)
        return true
      },
      ({ cause }) => {
        // Its connection was closed or refused, so it never came in; the count of keys below would tell.
        notTaken++
        if (!/^(ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET)$/.test(cause.code)) wrong.push(cause)
        return false
      },
    )
  const callers = Array.from({ length: 8 }, async () => {
    while (await create());
  })
  await expect.poll(() => answered, { timeout: 20_000 }).toBeGreaterThan(20)

  // All callers' creations are under way when it comes.
  await link.hold("database")
  server.child.kill("SIGTERM")
  await expect.poll(() => server.output.at(-1)).toContain("stopping")
  link.release()

  const gone = AbortSignal.timeout(GONE_WITHIN)
  const late = new Promise<never>((_, reject) =>
    gone.addEventListener("abort", () => reject(new Error("still there"))),
  )
  expect(await Promise.race([server.exited, late])).toEqual({ code: 0, signal: null })
  await Promise.all(callers)

  expect(wrong).toEqual([])
  expect(notTaken).toBe(callers.length)
  const sql = connect(database.url)
  const [row] = await sql<{ keys: number }[]>`select count(*)::int as keys from api_keys`
  await sql.end()
  expect(row?.keys).toBe(answered)
}, 60_000)

test("SIGTERM: connections that the system has opened and the server not yet taken are answered", async () => {
  await using database = await createTestDatabase(inject("postgresUrl"))
  const server = spawnBuiltServer({ DATABASE_URL: database.url, AUTH_SECRET: newSecret() })
  const url = await server.url
  // While it is stopped, the system opens connections for it and queues them.
  server.child.kill("SIGSTOP")
  const connections = Array.from({ length: 200 }, () => openConnection(url))
  await Promise.all(connections.map((connection) => connection.opened))
  for (const connection of connections) connection.write(request("GET /auth/me", ["Connection: keep-alive"]))
  server.child.kill("SIGTERM")
  server.child.kill("SIGCONT")

  for (const connection of connections) {
    const reply = await connection.read()
    expect(reply?.status).toBe(401)
    expect(reply?.headers.get("connection")).toBe("close")
    await connection.closed()
    expect(connection.error()).toBeNull()
  }
  expect(await server.exited).toEqual({ code: 0, signal: null })
}, 60_000)
