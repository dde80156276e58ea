import { DataFolderInUse } from "@latchkey/db"
import { EnvError, readEnv } from "./env.ts"
import { createLog, describeError } from "./log.ts"
import { start } from "./start.ts"

try {
  const env = readEnv(process.env)
  const log = createLog(env.LOG_LEVEL)
  process.on("uncaughtException", (error) => {
    log.fatal({ errors: [describeError(error)] }, "uncaught")
    process.exit(1)
  })
  const server = await start(env, log)
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, async () => {
      log.info({ signal }, "stopping")
      await server.stop()
      process.exit(0)
    })
  }
  log.info({ url: server.url }, `serving on ${server.url}`)
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
}

/** Why the server can't start, for whoever starts it. */
function explain(error: unknown): string {
  if (error instanceof EnvError || error instanceof DataFolderInUse) return error.message
  const code = (error as NodeJS.ErrnoException).code
  if (code === "EADDRINUSE") return "PORT: another process listens on this address"
  return `could not start: ${JSON.stringify(describeError(error))}`
}
