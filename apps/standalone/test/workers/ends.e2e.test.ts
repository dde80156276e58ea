import { expect, test } from "vitest"
import { openConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { registerWithKey, rest } from "../testServer.ts"
import { askOneWorker, linesOf, startWorkers } from "./startWorkers.ts"

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test("kill -9 of a worker loses only its requests: the other worker keeps serving, and the killed one is replaced", async () => {
  await using running = await startWorkers()
  const { server, url, pids } = running
  const { apiKey } = await registerWithKey(url)
  const [first = 0, second = 0] = pids()

  process.kill(first, "SIGKILL")
  await expect.poll(() => isGone(first)).toBe(true)
  const meanwhile = await Promise.all(
    Array.from({ length: 10 }, () =>
      rest(url, "GET", "/auth/me", { apiKey, headers: { connection: "close" } }),
    ),
  )
  expect(meanwhile.map(({ status }) => status)).toEqual(Array(10).fill(200))

  await expect.poll(() => pids().length, { timeout: 90_000 }).toBe(2)
  expect(pids()).toContain(second)
  expect(pids()).not.toContain(first)
  await expect.poll(async () => (await askOneWorker(running, { apiKey })).worker, { timeout: 90_000 }).toBe(1)
  expect(linesOf(server)).toContainEqual(
    expect.objectContaining({ level: 50, msg: "worker 1 has ended (SIGKILL) and is replaced" }),
  )
}, 180_000)

test("a connection that was on its way to a killed worker is closed, and does not hang", async () => {
  await using running = await startWorkers()
  const [first = 0] = running.pids()
  process.kill(first, "SIGSTOP")
  const connections = Array.from({ length: 4 }, () => openConnection(running.url))
  await Promise.all(connections.map((connection) => connection.opened))
  for (const connection of connections) connection.write(request("GET /auth/me", ["Connection: close"]))
  const answered = () => linesOf(running.server).filter(({ requestId }) => requestId !== undefined)
  await expect.poll(() => answered().length, { timeout: 90_000 }).toBeGreaterThanOrEqual(3)

  process.kill(first, "SIGKILL")

  await Promise.all(connections.map((connection) => connection.closed()))
  const replies = await Promise.all(connections.map((connection) => connection.read()))
  expect(replies.filter((reply) => reply?.status === 401)).toHaveLength(3)
}, 180_000)

test("without their primary, all workers exit", async () => {
  await using running = await startWorkers()
  const pids = running.pids()
  expect(pids).toHaveLength(2)

  running.server.child.kill("SIGKILL")

  await expect.poll(() => pids.every(isGone), { timeout: 10_000 }).toBe(true)
}, 180_000)
