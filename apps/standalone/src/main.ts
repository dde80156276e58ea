import { describeError } from "@latchkey/api"
import { createLineWriter } from "./createLineWriter.ts"
import { readEnv } from "./env.ts"
import { explainStartFailure } from "./explainStartFailure.ts"
import { isLostConnection } from "./isLostConnection.ts"
import { createLog } from "./log.ts"
import { start } from "./start.ts"

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
  // Only the first counts: of one Ctrl+C, `npm start` makes two signals, and the second must not cut off what the first
  // lets end. Stopping takes less than 10 s, whatever happens.
  let isStopping = false
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, async () => {
      if (isStopping) return
      isStopping = true
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
