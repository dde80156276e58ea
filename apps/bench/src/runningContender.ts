import { setTimeout as sleep } from "node:timers/promises"
import { freePort } from "@latchkey/test-postgres"
import type { Bench } from "./bench.ts"
import { type BenchProcess, startProcess } from "./childProcess.ts"
import type { Contender } from "./contenders.ts"
import { apiKeyAt } from "./keys.ts"
import type { Credentials } from "./loadProtocol.ts"
import { withParts } from "./postgresServer.ts"

const READY_WITHIN_MS = 60_000

/** A contender that is ready for requests. */
export interface RunningContender {
  contender: Contender
  process: BenchProcess
  /** The process that generates its load; null for the load generator. */
  client: BenchProcess | null
  url: string
  credentials: Credentials
  /** Its own PostgreSQL user, which identifies its statements. */
  postgresUser: string
}

/** Starts a contender on the server's core and waits for its first response with status 200. */
export async function startContender(bench: Bench, contender: Contender): Promise<RunningContender> {
  const postgresUser = contender.name.replaceAll("-", "_")
  const port = await freePort()
  const env: Record<string, string> = { ...contender.env, PORT: `${port}`, HOST: "127.0.0.1" }
  if (contender.database !== undefined) {
    await bench.postgres.createUser(postgresUser)
    const databaseUrl = withParts(bench.databases.urlOf(contender.database), { user: postgresUser })
    env.DATABASE_URL = contender.routeDatabase?.(databaseUrl) ?? databaseUrl
  }
  const process = startProcess(contender.script, { env, core: bench.cores?.server })
  const url = `http://127.0.0.1:${port}${contender.path}`
  const credentials = resolveCredentials(bench, contender)
  if (contender.inProcess) await process.receive("ready")
  else await untilReady(url, credentials, process)
  const client = contender.inProcess ? process : await startClient(contender, url)
  return { contender, process, client, url, credentials, postgresUser }
}

async function startClient({ client }: Contender, url: string): Promise<BenchProcess | null> {
  if (client === undefined) return null
  const process = startProcess(client, { env: { LATCHKEY_URL: new URL(url).origin } })
  await process.receive("ready")
  return process
}

function resolveCredentials({ databases }: Bench, { credentials, database }: Contender): Credentials {
  if (credentials !== "sessions") return credentials
  if (typeof database !== "number") throw new TypeError("only Latchkey has sessions")
  const { accessTokens } = databases.latchkey(database)
  return { header: "authorization", values: accessTokens.map((token) => `Bearer ${token}`) }
}

/** A valid credential. The first key is in every table. */
function authenticationHeader(credentials: Credentials): Record<string, string> {
  if ("values" in credentials && credentials.header === "authorization") {
    return { authorization: credentials.values[0] ?? "" }
  }
  return { "x-api-key": apiKeyAt(0) }
}

/** The first request, by a valid credential. */
function firstRequest(credentials: Credentials): RequestInit {
  if (!("introspected" in credentials)) return { headers: authenticationHeader(credentials) }
  const { apiKey } = credentials
  return {
    method: "POST",
    headers: { "x-api-key": apiKey },
    body: new URLSearchParams({ token: apiKeyAt(0) }),
  }
}

async function untilReady(url: string, credentials: Credentials, server: BenchProcess) {
  for (const giveUpAt = performance.now() + READY_WITHIN_MS; ; await sleep(20)) {
    // Throws if the process has exited.
    await server.usage()
    const response = await fetch(url, firstRequest(credentials)).catch(() => null)
    const text = await response?.text()
    // An inactive key has status 200 too.
    if (response?.status === 200 && !text?.includes('"active":false')) return
    if (performance.now() > giveUpAt) {
      throw new Error(`${url} did not return 200 in time (${response?.status ?? "no response"})`)
    }
  }
}
