import { connect, eventually, startFakePostgres } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { newSecret, register, rest, spawnBuiltServer } from "../testServer.ts"
import { linesOf, startWorkers } from "./startWorkers.ts"

const STOPPED = { code: 0, signal: null }

test("SIGTERM under load: every change is acknowledged, no response is cut off, exit code 0", async () => {
  await using running = await startWorkers({ MAX_KEYS_PER_USER: "100000", BCRYPT_COST: "10" })
  const { server, url, database } = running
  const users = await Promise.all(Array.from({ length: 3 }, () => register(url)))
  let acknowledged = 0
  const wrong: unknown[] = []
  const create = (accessToken: string) =>
    rest(url, "POST", "/auth/apikeys", {
      accessToken,
      body: { label: "x" },
      // A connection for each call: none may be lost between the kernel and the workers.
      headers: { connection: "close" },
    }).then(
      ({ status }) => {
        if (status === 201) acknowledged++
        else wrong.push(status)
        return true
      },
      ({ cause }) => {
        if (cause.code !== "ECONNREFUSED") wrong.push(cause)
        return false
      },
    )
  const callers = users.map(async ({ accessToken }) => {
    while (await create(accessToken));
  })
  await expect.poll(() => acknowledged, { timeout: 90_000 }).toBeGreaterThan(30)

  server.child.kill("SIGTERM")

  expect(await server.exited).toEqual(STOPPED)
  await Promise.all(callers)
  expect(wrong).toEqual([])
  const sql = connect(database.url)
  const [row] = await sql`select count(*)::int as keys from api_keys`
  await sql.end()
  expect(row?.keys).toBe(acknowledged)
})

test("SIGTERM: connections that wait in the kernel's accept queue get their responses", async () => {
  await using running = await startWorkers()
  const { server, url } = running
  const signalWorkers = (signal: NodeJS.Signals) => {
    for (const pid of running.pids()) process.kill(pid, signal)
  }
  signalWorkers("SIGSTOP")
  const connections = Array.from({ length: 50 }, () => openConnection(url))
  await Promise.all(connections.map((connection) => connection.opened))
  for (const connection of connections) connection.write(request("GET /auth/me", ["Connection: keep-alive"]))
  server.child.kill("SIGTERM")
  signalWorkers("SIGCONT")

  for (const connection of connections) {
    const reply = await connection.read()
    expect(reply?.status).toBe(401)
    await connection.closed()
    expect(connection.error()).toBeNull()
  }
  expect(await server.exited).toEqual(STOPPED)
})

test("after SIGTERM, every worker reports the shutdown although one was polled, while requests are served", async () => {
  await using running = await startWorkers()
  const { server, url } = running
  const { accessToken } = await register(url)
  const close = { headers: { connection: "close" } }
  expect((await rest(url, "GET", "/readyz", close)).status).toBe(200)

  server.child.kill("SIGTERM")

  await eventually(async () => {
    const replies = await Promise.all(Array.from({ length: 4 }, () => rest(url, "GET", "/readyz", close)))
    expect(replies.map(({ status, body }) => [status, body.message])).toEqual(
      Array(4).fill([503, "Shutting down."]),
    )
  })
  expect((await rest(url, "GET", "/auth/me", { accessToken, ...close })).status).toBe(200)
  expect(await server.exited).toEqual(STOPPED)
})

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s to all processes, as supervisors and terminals send it: exit code 0",
  async (signal) => {
    await using running = await startWorkers()
    const { server, pids } = running
    for (const pid of pids()) process.kill(pid, signal)
    server.child.kill(signal)

    expect(await server.exited).toEqual(STOPPED)
    expect(linesOf(server).filter(({ msg }) => msg === "stopping")).toHaveLength(1)
  },
  180_000,
)

test("SIGTERM while PostgreSQL is still starting: the server exits with code 0", async () => {
  await using postgres = await startFakePostgres({ code: "57P03" })
  const server = spawnBuiltServer({
    DATABASE_URL: `postgres://u@127.0.0.1:${postgres.port}/d`,
    AUTH_SECRET: newSecret(),
    WORKERS: "2",
  })
  const waiting = () => server.output.filter((line) => line.includes("it is still starting (57P03)"))
  await expect.poll(waiting, { timeout: 90_000 }).toHaveLength(1)

  server.child.kill("SIGTERM")

  expect(await server.exited).toEqual(STOPPED)
  expect(waiting()).toHaveLength(1)
})
