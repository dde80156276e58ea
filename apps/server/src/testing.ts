import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { createTestDatabase, startPgBouncer } from "@latchkey/test-postgres"
import pino from "pino"
import { onTestFinished } from "vitest"
import { readEnv } from "./env.ts"
import { start } from "./start.ts"

/** What an operator has for load tests: tests come from one address, and register and sign in all the time. */
const GENEROUS = { RATE_LIMIT_FACTOR: "1000" }

export const newSecret = () => randomBytes(32).toString("hex")

export interface TestServer extends AsyncDisposable {
  url: string
  metricsUrl: string | null
  /** The log so far, a line each. */
  log: string[]
}

/** A server in this process, on a free port. */
export async function startTestServer(variables: Record<string, string>): Promise<TestServer> {
  const log: string[] = []
  const sink = new Writable({
    write(chunk, _, done) {
      log.push(String(chunk))
      done()
    },
  })
  const server = await start(
    readEnv({ PORT: "0", ...GENEROUS, ...variables }),
    pino({ level: "trace", base: null }, sink),
  )
  const { url, metricsUrl } = server
  return { url, metricsUrl, log, [Symbol.asyncDispose]: () => server.stop() }
}

/** A server in this process with a PostgreSQL database of its own. */
export async function startServerOnPostgres(serverUrl: string, variables: Record<string, string> = {}) {
  const database = await createTestDatabase(serverUrl)
  const shared = { DATABASE_URL: database.url, AUTH_SECRET: newSecret() }
  const server = await startTestServer({ ...shared, ...variables })
  return {
    url: server.url,
    metricsUrl: server.metricsUrl,
    log: server.log,
    /** What another instance needs to share the work. */
    shared,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** A server in this process that reaches a PostgreSQL database of its own through PgBouncer. */
export async function startServerOnPgBouncer(serverUrl: string) {
  const database = await createTestDatabase(serverUrl)
  const pgBouncer = await startPgBouncer(database.url)
  const shared = { DATABASE_URL: pgBouncer.url, AUTH_SECRET: newSecret() }
  const server = await startTestServer(shared)
  return {
    ...server,
    shared,
    pgBouncer,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await pgBouncer[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

export interface ServerProcess {
  child: ChildProcess
  /** Where it serves; rejects when it exits before that. */
  url: Promise<string>
  /** All that it has printed. */
  output: string[]
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** A server as a process of its own, run from its source; it does not outlive the test. */
export function spawnServer(variables: Record<string, string>): ServerProcess {
  const main = fileURLToPath(new URL("main.ts", import.meta.url))
  const env = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, PORT: "0", ...GENEROUS, ...variables }
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=latchkey-source", main], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const output: string[] = []
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }))
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        output.push(line)
        const serving = /"url":"([^"]+)"/.exec(line)?.[1]
        if (serving) resolve(serving)
      })
    }
    exited.then(() => reject(new Error(`the server exited:\n${output.join("\n")}`)))
  })
  url.catch(() => {})
  return { child, url, output, exited }
}

interface Reply {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  body: any
}

export interface RestCall {
  accessToken?: string
  apiKey?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Calls REST as curl would. */
export async function rest(
  url: string,
  method: string,
  path: string,
  { accessToken, apiKey, body, headers, signal }: RestCall = {},
): Promise<Reply> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(signal && { signal }),
    headers: {
      ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      ...(apiKey !== undefined && { "x-api-key": apiKey }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) }
}

/** A user who has just registered over REST. */
export async function register(url: string) {
  const credentials = { email: `${randomUUID()}@example.com`, password: randomUUID() }
  const { status, body } = await rest(url, "POST", "/auth/register", { body: credentials })
  if (status !== 201) throw new Error(`registering answered ${status}`)
  return { ...credentials, ...body } as typeof credentials & {
    user: { id: string; email: string; role: string; createdAt: string }
    accessToken: string
    refreshToken: string
  }
}
