import { readdirSync } from "node:fs"
import { expect, test } from "vitest"
import { openConnection, type RawConnection } from "../abuse/rawConnection.ts"
import { request } from "../abuse/request.ts"
import { rest } from "../testServer.ts"
import { startWorkers } from "./startWorkers.ts"

const openFilesOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length

const openConnections = (url: string, count: number) =>
  Array.from({ length: count }, () => openConnection(url))

test("a client takes all file descriptors of the workers: others are served again once it has left", async () => {
  const openFiles = 200
  await using running = await startWorkers({}, { openFiles })
  const connections: RawConnection[] = []
  // A worker that has none left closes connections that wait, so it takes more than there are descriptors.
  const takeMore = () => {
    connections.push(...openConnections(running.url, openFiles))
    return Math.min(...running.pids().map(openFilesOf))
  }
  await expect.poll(takeMore).toBeGreaterThanOrEqual(openFiles - 2)

  for (const connection of connections) connection[Symbol.dispose]()

  const ask = () =>
    rest(running.url, "GET", "/healthz", {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(5_000),
    }).then(({ status }) => status)
  await expect.poll(ask, { timeout: 90_000 }).toBe(200)
})

test("the primary accepts no connection, so those that the workers have no time for wait in the kernel's bounded queue", async () => {
  await using running = await startWorkers()
  const primary = Number(running.server.child.pid)
  const before = openFilesOf(primary)
  for (const pid of running.pids()) process.kill(pid, "SIGSTOP")
  const connections = openConnections(running.url, 200)
  await Promise.all(connections.map((connection) => connection.opened))
  for (const connection of connections) connection.write(request("GET /healthz", ["Connection: close"]))
  expect(openFilesOf(primary)).toBe(before)

  for (const pid of running.pids()) process.kill(pid, "SIGCONT")

  for (const connection of connections) {
    expect((await connection.read())?.status).toBe(200)
    connection[Symbol.dispose]()
  }
  expect(openFilesOf(primary)).toBe(before)
})
