import { readFileSync } from "node:fs"
import { createMigratedDatabase } from "@latchkey/db/test"
import { expect, inject } from "vitest"
import { newSecret, rest, type ServerProcess, type SpawnOptions, spawnBuiltServer } from "../testServer.ts"

/** The fields of a log line that describe a worker. */
interface Line {
  worker?: number
  msg?: string
  requestId?: string
}

export const linesOf = (server: ServerProcess): Line[] =>
  server.output.flatMap((line) => (line.startsWith("{") ? (JSON.parse(line) as Line) : []))

/** Starts the last build with several workers, on a database of its own. */
export async function startWorkers(variables: Record<string, string> = {}, options: SpawnOptions = {}) {
  const database = await createMigratedDatabase(inject("postgresUrl"))
  const shared = { DATABASE_URL: database.url, AUTH_SECRET: newSecret(), WORKERS: "2" }
  const server = spawnBuiltServer({ ...shared, ...variables }, options)
  return {
    server,
    database,
    /** The variables that another instance needs to share the database. */
    shared,
    url: await server.url,
    /** The process ids of the workers that run now. */
    pids: () => childrenOf(Number(server.child.pid)),
    async [Symbol.asyncDispose]() {
      server.child.kill("SIGTERM")
      await server.exited
      await database[Symbol.asyncDispose]()
    },
  }
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
  return children.trim().split(" ").filter(Boolean).map(Number)
}

/** Sends a request over a new connection, and returns its status and the worker that has answered. */
export async function askOneWorker(
  { server, url }: { server: ServerProcess; url: string },
  call: { apiKey?: string; accessToken?: string },
) {
  const { status, headers } = await rest(url, "GET", "/auth/me", {
    ...call,
    headers: { connection: "close" },
  })
  const requestId = headers.get("x-request-id")
  const worker = await expect
    .poll(() => linesOf(server).find((line) => line.requestId === requestId)?.worker)
    .toEqual(expect.any(Number))
    .then(() => linesOf(server).find((line) => line.requestId === requestId)?.worker)
  return { status, worker }
}

/**
 * Sends requests over new connections until both workers have answered some of the same round.
 *
 * @param calls the requests of a round.
 * @returns the statuses of all rounds.
 */
export async function askBothWorkers(
  running: Parameters<typeof askOneWorker>[0],
  calls: readonly Parameters<typeof askOneWorker>[1][],
): Promise<number[]> {
  const statuses: number[] = []
  async function askOnce() {
    const answers = await Promise.all(calls.map((call) => askOneWorker(running, call)))
    statuses.push(...answers.map(({ status }) => status))
    return new Set(answers.map(({ worker }) => worker))
  }
  await expect.poll(askOnce, { timeout: 90_000 }).toEqual(new Set([1, 2]))
  return statuses
}
