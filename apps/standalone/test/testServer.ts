import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { createMigratedDatabase } from "@latchkey/db/test"
import { startPgBouncer } from "@latchkey/test-postgres"
import pino from "pino"
import { expect, onTestFinished } from "vitest"
import { readEnv } from "../src/env.ts"
import { start } from "../src/start/start.ts"
import { createCanaries } from "./canaries/createCanaries.ts"

/**
 * The secrets that `rest` has sent or received and `newSecret` has made in this file. No server's log may contain
 * one, in any test.
 */
const canaries = createCanaries()
const SECRET_FIELDS = [
  "password",
  "currentPassword",
  "newPassword",
  "key",
  "accessToken",
  "refreshToken",
  "token",
  "challenge",
  "secret",
  "recoveryCode",
]

function noteSecrets(...bodies: unknown[]) {
  for (const body of bodies) {
    if (typeof body !== "object" || body === null) continue
    for (const [name, value] of Object.entries(body)) {
      const isSecret = SECRET_FIELDS.includes(name) && typeof value === "string" && value.length >= 20
      if (isSecret) canaries.note(name, value)
    }
  }
}

/** Fails if a line of a server's log contains one of the secrets in use. */
export const expectNoSecrets = (log: readonly string[]) =>
  expect(canaries.findPlain(log.join("\n")), "secrets in the server's log").toEqual([])

/** Rate limits as for load tests, because all tests come from one address, and register and sign in all the time. */
const HIGH_LIMITS = { RATE_LIMIT_FACTOR: "1000" }

/** 32 random bytes in hex, as for `AUTH_SECRET`. */
export function newSecret() {
  const secret = randomBytes(32).toString("hex")
  canaries.note("AUTH_SECRET", secret)
  return secret
}

/** The lowest cost that bcrypt allows: about a millisecond. The variable allows no cost below 10. */
const LOWEST_BCRYPT_COST = 4

export interface TestServer extends AsyncDisposable {
  url: string
  metricsUrl: string | null
  /** The lines logged so far. */
  log: string[]
}

/**
 * Starts a server in this process on a free port, with cheap bcrypts unless `BCRYPT_COST` is given. Disposing it stops it
 * and checks its log for secrets.
 */
export async function startTestServer(
  variables: Record<string, string>,
  { waitMs, onLog = () => {} }: { waitMs?: number; onLog?: (line: string) => unknown } = {},
): Promise<TestServer> {
  const log: string[] = []
  const sink = new Writable({
    write(chunk, _, done) {
      log.push(String(chunk))
      onLog(String(chunk))
      done()
    },
  })
  const env = readEnv({ PORT: "0", ...HIGH_LIMITS, ...variables })
  const server = await start(
    { ...env, BCRYPT_COST: variables.BCRYPT_COST === undefined ? LOWEST_BCRYPT_COST : env.BCRYPT_COST },
    pino({ level: "trace", base: null }, sink),
    waitMs === undefined ? {} : { waitMs },
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

/** Starts a server in this process with its own PostgreSQL database. */
export async function startServerOnPostgres(serverUrl: string, variables: Record<string, string> = {}) {
  const database = await createMigratedDatabase(serverUrl)
  const shared = { DATABASE_URL: database.url, AUTH_SECRET: newSecret() }
  const server = await startTestServer({ ...shared, ...variables })
  return {
    url: server.url,
    metricsUrl: server.metricsUrl,
    log: server.log,
    /** The variables that another instance needs to share the database. */
    shared,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** Starts a server in this process with its own PostgreSQL database, which it reaches through PgBouncer. */
export async function startServerOnPgBouncer(serverUrl: string) {
  const database = await createMigratedDatabase(serverUrl)
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
  /** Resolves with the server's URL. Rejects if the process exits first. */
  url: Promise<string>
  /** The lines printed so far, unless the test passes its own `stdout`. */
  output: string[]
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface SpawnOptions {
  /** With a file descriptor, the log goes there, and `url` never resolves. */
  stdout?: "pipe" | number
  /** How many file descriptors each process may have. */
  openFiles?: number
}

const builtServer = fileURLToPath(new URL("../dist/main.js", import.meta.url))

/** Starts the last build of the server as a process. Starting from source would take three times as long. */
export function spawnBuiltServer(
  variables: Record<string, string>,
  { stdout = "pipe", openFiles }: SpawnOptions = {},
): ServerProcess {
  const env = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, PORT: "0", ...HIGH_LIMITS, ...variables }
  const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles} && `
  const command = [`${limit}exec "$@"`, "sh", process.execPath, builtServer]
  const child = spawn("/bin/sh", ["-c", ...command], { env, stdio: ["ignore", stdout, "pipe"] })
  const output: string[] = []
  onTestFinished(() => {
    child.kill("SIGKILL")
    expectNoSecrets(output)
  })
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }))
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      createInterface(stream).on("line", (line) => {
        output.push(line)
        const servingUrl = /"url":"([^"]+)"/.exec(line)?.[1]
        if (servingUrl) resolve(servingUrl)
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
  // biome-ignore lint/suspicious/noExplicitAny: the tests know its shape.
  body: any
}

export interface RestCall {
  accessToken?: string
  apiKey?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Sends one request, and parses the JSON in its response. */
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
  const parsed = text === "" ? null : JSON.parse(text)
  noteSecrets(body, parsed)
  return { status: response.status, headers: response.headers, body: parsed }
}

/** Registers a new user over REST. Throws if the server refuses. */
export async function register(url: string) {
  const credentials = { email: `${randomUUID()}@example.com`, password: randomUUID() }
  const { status, body } = await rest(url, "POST", "/auth/register", { body: credentials })
  if (status !== 201) throw new Error(`registration returned ${status}`)
  return { ...credentials, ...body } as typeof credentials & {
    user: { id: string; email: string; role: string; createdAt: string }
    accessToken: string
    refreshToken: string
  }
}

/** Registers a new user over REST, and creates an API key for them. Throws if the server refuses. */
export async function registerWithKey(url: string) {
  const user = await register(url)
  const { status, body } = await rest(url, "POST", "/auth/apikeys", { ...user, body: { label: "x" } })
  if (status !== 201) throw new Error(`creating a key returned ${status}`)
  return { ...user, id: body.id as string, apiKey: body.key as string }
}
