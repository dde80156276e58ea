import cluster from "node:cluster"
import { isatty } from "node:tty"
import { describeError } from "@latchkey/api"
import { createLineWriter } from "./createLineWriter.ts"
import { type Env, readEnv } from "./env.ts"
import { isLostConnection } from "./isLostConnection.ts"
import { listenForStop } from "./listenForStop.ts"
import { createLog, type Log } from "./log.ts"
import { explainStartFailure } from "./start/explainStartFailure.ts"
import { start } from "./start/start.ts"
import { startUnlessStopped } from "./start/startUnlessStopped.ts"
import { createTerminalFormat } from "./terminalFormat.ts"
import { planWorkers, shareOf } from "./workers/planWorkers.ts"
import { runPrimary } from "./workers/runPrimary.ts"
import { runWorker } from "./workers/runWorker.ts"

interface Process {
  env: Env
  log: Log
  droppedLines: () => number
}

/**
 * The number of this worker, which the primary passes as an argument; undefined for the primary, and under other
 * process managers.
 */
const worker = cluster.isWorker && process.argv.at(-2) === "worker" ? Number(process.argv.at(-1)) : undefined

try {
  const env = readEnv(process.env)
  const output = createLineWriter(isatty(1) ? createTerminalFormat(env.LOG_LEVEL) : undefined)
  const log = createLog(env.LOG_LEVEL, output, worker)
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
  await run({ env, log, droppedLines: output.dropped })
} catch (error) {
  fail(explainStartFailure(error))
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}

async function run({ env, log, droppedLines }: Process) {
  const { workers, note } = planWorkers(env)
  if (worker !== undefined) {
    await runWorker(env, log, { number: worker, share: shareOf(worker, workers, env), droppedLines })
    return
  }
  if (note !== null) log.warn(note)
  const stop = listenForStop(log)
  if (workers === 1) return runAlone({ env, log, droppedLines }, stop)
  await runPrimary(env, log, { workers, droppedLines, stop, onFatal: fail })
  process.exit(0)
}

async function runAlone({ env, log, droppedLines }: Process, stop: AbortSignal) {
  const server = await startUnlessStopped(stop, () => start(env, log, { droppedLines, signal: stop }))
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
}
