import { eventually } from "@latchkey/test-postgres"
import { expect, test } from "vitest"
import { registerWithKey, rest } from "../testServer.ts"
import { askBothWorkers, linesOf, startWorkers } from "./startWorkers.ts"

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
  // Until it is used, the client keeps a connection to the killed worker.
  await eventually(() => rest(url, "GET", "/healthz", { headers: { connection: "close" } }))
  const meanwhile = await Promise.all(
    Array.from({ length: 10 }, () =>
      rest(url, "GET", "/auth/me", { apiKey, headers: { connection: "close" } }),
    ),
  )
  expect(meanwhile.map(({ status }) => status)).toEqual(Array(10).fill(200))

  await expect.poll(() => pids().length, { timeout: 90_000 }).toBe(2)
  expect(pids()).toContain(second)
  expect(pids()).not.toContain(first)
  await askBothWorkers(running, Array(8).fill({ apiKey }))
  expect(linesOf(server)).toContainEqual(
    expect.objectContaining({ level: 50, msg: "worker 1 has ended (SIGKILL) and is replaced" }),
  )
})

test("a worker that hangs is given no connections: the other one serves them", async () => {
  await using running = await startWorkers()
  const [first = 0] = running.pids()
  process.kill(first, "SIGSTOP")

  for (let i = 0; i < 10; i++) {
    const { status } = await rest(running.url, "GET", "/auth/me", { headers: { connection: "close" } })
    expect(status).toBe(401)
  }
  process.kill(first, "SIGCONT")
})

test("without their primary, all workers exit", async () => {
  await using running = await startWorkers()
  const pids = running.pids()
  expect(pids).toHaveLength(2)

  running.server.child.kill("SIGKILL")

  await expect.poll(() => pids.every(isGone), { timeout: 10_000 }).toBe(true)
})
