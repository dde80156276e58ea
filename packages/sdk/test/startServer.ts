import { spawn } from "node:child_process"
import { randomBytes, randomUUID } from "node:crypto"
import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { startServerOnPostgres as startInThisProcess } from "../../../apps/standalone/test/testServer.ts"
import { createLatchkey } from "../src/createLatchkey.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

export interface TestServer extends AsyncDisposable {
  url: string
  /** The number of requests answered so far on a route, such as `/trpc/auth.refresh`. */
  count(route: string): Promise<number>
}

export interface ServerProcess extends TestServer {
  /** Kills the process, which gets no chance to clean up. */
  kill(): Promise<void>
}

/** A module that sets a process's clock ahead by an hour. */
const CLOCK_AHEAD = `data:text/javascript,${encodeURIComponent(`
  const now = Date.now
  globalThis.Date = class extends Date {
    constructor(...args) { args.length === 0 ? super(now() + 3_600_000) : super(...args) }
    static now() { return now() + 3_600_000 }
  }
`)}`

/** Starts a real server in its own process. */
export async function startServer({
  databaseUrl,
  clockAhead = false,
  ...variables
}: {
  databaseUrl: string
  clockAhead?: boolean
  [variable: string]: string | boolean
}): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [
      ...["--conditions=latchkey-source", "--import=tsx", ...(clockAhead ? [`--import=${CLOCK_AHEAD}`] : [])],
      "apps/standalone/src/main.ts",
    ],
    {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        PORT: "0",
        DATABASE_URL: databaseUrl,
        AUTH_SECRET: SECRET,
        RATE_LIMIT_FACTOR: "1000",
        ...variables,
      } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "inherit"],
    },
  )
  const killOnExit = () => child.kill("SIGKILL")
  process.once("exit", killOnExit)
  const exited = once(child, "exit").finally(() => process.off("exit", killOnExit))
  const lines: string[] = []
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line)
      const { url } = JSON.parse(line) as { url?: string }
      if (url) resolve(url)
    })
    exited.then(() => reject(new Error("the server exited before it was ready")))
  })
  async function kill() {
    child.kill("SIGKILL")
    await exited
  }
  return { url: await url, count: counter(url, lines), kill, [Symbol.asyncDispose]: kill }
}

/** Starts a real server in this process, with its own PostgreSQL database and cheap bcrypts. */
export async function startServerOnPostgres(postgresUrl: string, variables: Record<string, string> = {}) {
  const server = await startInThisProcess(postgresUrl, { AUTH_SECRET: SECRET, ...variables })
  return {
    ...server,
    databaseUrl: server.shared.DATABASE_URL,
    count: counter(server.url, server.log),
  }
}

/** Counts the requests in a server's log. */
function counter(url: string | Promise<string>, log: readonly string[]): TestServer["count"] {
  const entries = () => log.map((line) => JSON.parse(line) as { route?: string; requestId?: string })
  return async (route) => {
    // Once this request is in the log, all earlier ones are.
    const last = (await fetch(`${await url}/healthz`)).headers.get("x-request-id")
    while (!entries().some(({ requestId }) => requestId === last)) await new Promise(setImmediate)
    return entries().filter((entry) => entry.route === route).length
  }
}

/** Shared by all servers of a test run, so that they accept each other's tokens. */
const SECRET = randomBytes(32).toString("hex")

/** Creates an account and signs in. */
export function register(baseUrl: string) {
  const email = `${randomUUID()}@company.tld`
  return createLatchkey({ baseUrl }).auth.register({ email, password: PASSWORD })
}

export const PASSWORD = "a long enough phrase"

export interface RawServer extends AsyncDisposable {
  url: string
  /** The raw text of each request. */
  requests: string[]
}

/** Starts a TCP server to simulate faults: its handler gets the socket and the raw text of each request. */
export async function startRawServer(
  onRequest: (socket: Socket, request: string, count: number) => void,
): Promise<RawServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("data", (bytes) => {
      requests.push(bytes.toString())
      onRequest(socket, bytes.toString(), requests.length)
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}

/** Writes an HTTP response and closes the connection. */
export function respond(
  socket: Socket,
  status: number,
  body: string,
  headers: Record<string, string> = { "Content-Type": "application/json" },
) {
  const lines = Object.entries({ "Content-Length": String(Buffer.byteLength(body)), ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  socket.end(`HTTP/1.1 ${status} Status\r\nConnection: close\r\n${lines.join("")}\r\n${body}`)
}

/** The body of a tRPC batch with one result, in superjson. */
export const result = (data: unknown) => JSON.stringify([{ result: { data: { json: data } } }])

/** The body of a tRPC batch with one error, in Latchkey's format. */
export const failure = (reason: string, httpStatus: number, details: object = {}) =>
  JSON.stringify([
    {
      error: {
        json: {
          code: -32000,
          message: "A test error.",
          data: { code: "X", httpStatus, reason, requestId: "r-1", ...details },
        },
      },
    },
  ])
