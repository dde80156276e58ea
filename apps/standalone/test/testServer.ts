import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { createTestDatabase, startPgBouncer } from "@latchkey/test-postgres"
import pino from "pino"
import { expect, onTestFinished } from "vitest"
import { readEnv } from "../src/env.ts"
import { start } from "../src/start.ts"
import { createCanaries } from "./canaries/createCanaries.ts"

/** What `rest` has seen of secrets in this file; no server's log may hold one, whatever is tested. */
const canaries = createCanaries()
const SECRET_FIELDS = ["password", "currentPassword", "newPassword", "key", "accessToken", "refreshToken"]

function noteSecrets(...bodies: unknown[]) {
  for (const body of bodies) {
    if (typeof body !== "object" || body === null) continue
    for (const [name, value] of Object.entries(body)) {
      const isSecret = SECRET_FIELDS.includes(name) && typeof value === "string" && value.length >= 20
      if (isSecret) canaries.note(name, value)
    }
  }
}

const expectNoSecrets = (log: string[]) =>
  expect(canaries.findPlain(log.join("\n")), "secrets in the server's log").toEqual([])

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
  return {
    url,
    metricsUrl,
    log,
    async [Symbol.asyncDispose]() {
      await server.stop()
      expectNoSecrets(log)
    },
  }
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

const builtServer = fileURLToPath(new URL("../dist/main.js", import.meta.url))

/** A server as a process of its own, as it was built last: from its source it would take three times as long to start. */
export function spawnBuiltServer(variables: Record<string, string>): ServerProcess {
  const env = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, PORT: "0", ...GENEROUS, ...variables }
  const child = spawn(process.execPath, [builtServer], { env, stdio: ["ignore", "pipe", "pipe"] })
  const output: string[] = []
  onTestFinished(() => {
    child.kill("SIGKILL")
    expectNoSecrets(output)
  })
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
  const answer = text === "" ? null : JSON.parse(text)
  noteSecrets(body, answer)
  return { status: response.status, headers: response.headers, body: answer }
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

/** A user who has just registered, and an API key of theirs. */
export async function registerWithKey(url: string) {
  const user = await register(url)
  const { status, body } = await rest(url, "POST", "/auth/apikeys", { ...user, body: { label: "x" } })
  if (status !== 201) throw new Error(`creating a key answered ${status}`)
  return { ...user, id: body.id as string, apiKey: body.key as string }
}
