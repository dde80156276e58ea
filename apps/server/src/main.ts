import { describeError } from "@latchkey/api"
import { DataFolderInUse } from "@latchkey/db"
import { createLineWriter } from "./createLineWriter.ts"
import { EnvError, readEnv } from "./env.ts"
import { isLostConnection } from "./isLostConnection.ts"
import { createLog } from "./log.ts"
import { start } from "./start.ts"

/** What a failure to start says of a variable. */
const CAUSES: Record<string, Record<string, string>> = {
  PORT: {
    EADDRINUSE: "expected an address that is free; another process listens on this one",
    EACCES: "expected a port that this user may listen on",
  },
  HOST: { EADDRNOTAVAIL: "expected an address of this machine" },
  "DATABASE_URL or HOST": { ENOTFOUND: "expected a host that can be found" },
  DATABASE_URL: {
    ECONNREFUSED: "expected a running PostgreSQL; the connection was refused (ECONNREFUSED)",
    CONNECT_TIMEOUT: "expected a running PostgreSQL; nothing answered",
    ECONNRESET: "expected a running PostgreSQL; the connection was cut",
    "28P01": "expected a user and password that PostgreSQL accepts",
    "28000": "expected a user that PostgreSQL lets in",
    "3D000": "expected a database that exists",
    "42501": "expected a user that may create tables",
    "08P01": "expected a pooler that knows this user and database and reaches PostgreSQL",
  },
}

try {
  const env = readEnv(process.env)
  const output = createLineWriter()
  const log = createLog(env.LOG_LEVEL, output)
  // Unhandled rejections come here too. A lost connection concerns its own two ends: Node has already closed the socket,
  // and whoever waits for it has been told or runs into a time limit, so everybody else is served on. After anything
  // else nobody knows what still holds, so the process ends at once, and whatever runs it starts a new one.
  process.on("uncaughtException", (error) => {
    if (isLostConnection(error)) {
      log.error({ errors: [describeError(error)] }, "uncaught")
      return
    }
    log.fatal({ errors: [describeError(error)] }, "uncaught")
    process.exit(1)
  })
  const server = await start(env, log, output.dropped)
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, async () => {
      log.info({ signal }, "stopping")
      await server.stop()
      process.exit(0)
    })
  }
  const { url, metricsUrl } = server
  log.info({ url, ...(metricsUrl !== null && { metricsUrl }) }, `serving on ${url}`)
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
}

/** Why the server can't start, for whoever starts it. */
function explain(error: unknown): string {
  if (error instanceof EnvError || error instanceof DataFolderInUse) return error.message
  const code = codeOf(error)
  const variable = Object.entries(CAUSES).find(([, causes]) => code !== undefined && code in causes)
  if (variable && code !== undefined) return `${variable[0]}: ${variable[1][code]}`
  return `could not start: ${JSON.stringify(describeError(error))}`
}

/** The first code among an error and its causes: of the system, or PostgreSQL's SQLSTATE. */
function codeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return cause.code
  }
  return undefined
}
