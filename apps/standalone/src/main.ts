import { isatty } from "node:tty"
import { describeError } from "@latchkey/api"
import { createLineWriter } from "./createLineWriter.ts"
import { readEnv } from "./env.ts"
import { isLostConnection } from "./isLostConnection.ts"
import { listenForStop } from "./listenForStop.ts"
import { createLog } from "./log.ts"
import { explainStartFailure } from "./start/explainStartFailure.ts"
import { start } from "./start/start.ts"
import { startUnlessStopped } from "./start/startUnlessStopped.ts"
import { createTerminalFormat } from "./terminalFormat.ts"

try {
  const env = readEnv(process.env)
  const output = createLineWriter(isatty(1) ? createTerminalFormat(env.LOG_LEVEL) : undefined)
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
  const stop = listenForStop(log)
  const server = await startUnlessStopped(stop, () =>
    start(env, log, { droppedLines: output.dropped, signal: stop }),
  )
  if (server === null) process.exit(0)
  // Stopping takes less than 10 s, whatever happens.
  stop.addEventListener("abort", async () => {
    await server.stop()
    process.exit(0)
  })
  const { url, metricsUrl, awaitsFirstAccount } = server
  const database = env.DATABASE_URL === undefined ? "embedded" : "PostgreSQL"
  log.info(
    { url, ...(metricsUrl !== null && { metricsUrl }), database, awaitsFirstAccount },
    `serving on ${url}`,
  )
} catch (error) {
  process.stderr.write(`${explainStartFailure(error)}\n`)
  process.exit(1)
}
