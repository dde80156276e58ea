import { readEnv } from "./env.ts"
import { explainStartFailure } from "./explainStartFailure.ts"
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
  const { url, metricsUrl } = server
  log.info({ url, ...(metricsUrl !== null && { metricsUrl }) }, `serving on ${url}`)
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`)
  process.exit(1)
}
