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
  // This includes unhandled rejections. A lost connection affects only its two ends: Node has closed the socket, and code
  // that waits for it gets an error or times out, so the server keeps running. After any other error the state of the
  // process is unknown, so it exits at once and relies on its supervisor to restart it.
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
