import type { Server } from "node:http"
import type { Env } from "../env.ts"
import { acceptQueued } from "../http/drain.ts"
import type { Log } from "../log.ts"
import { explainStartFailure } from "../start/explainStartFailure.ts"
import { type RunningServer, start, type WorkerShare } from "../start/start.ts"
import { startUnlessStopped } from "../start/startUnlessStopped.ts"
import type { Answers, Asked, Question, Told } from "./messages.ts"

export interface WorkerOptions {
  /** From 1. */
  number: number
  share: WorkerShare
  droppedLines: () => number
}

/** Serves as one of several processes that share a port, and does what the primary asks. */
export async function runWorker(
  env: Env,
  log: Log,
  { number, share, droppedLines }: WorkerOptions,
): Promise<void> {
  // A signal to the whole process group, such as Ctrl+C, reaches the primary as well, which decides.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {})
  const stop = new AbortController()
  let server: RunningServer | null = null
  let closing: Closing | null = null

  const answers: { [Q in Question]: () => Promise<Answers[Q]> | Answers[Q] } = {
    metrics: async () => server?.snapshot() ?? [],
    announceStop: () => server?.announceStop() ?? false,
    hold() {
      if (server) closing = beginClosing(server)
      return null
    },
    accepted: () => closing?.takeAccepted() ?? 0,
    async stop() {
      if (!server) stop.abort()
      else {
        closing ??= beginClosing(server)
        end(closing.closed)
        await closing.stopped
      }
      return null
    },
    respond() {
      closing?.respond()
      return null
    },
  }
  process.on("message", async ({ id, question }: Asked) => {
    tell({ kind: "answer", id, answer: await answers[question]() })
  })

  // The first worker logs the same about the configuration and the database.
  const level = log.level
  if (number > 1 && log.isLevelEnabled("error")) log.level = "error"
  try {
    server = await startUnlessStopped(stop.signal, () =>
      start(env, log, { droppedLines, share, signal: stop.signal }),
    )
  } catch (error) {
    process.send?.({ kind: "failed", why: explainStartFailure(error) } satisfies Told, () => process.exit(1))
    return
  }
  log.level = level
  if (server === null) process.exit(0)
  const { url, awaitsFirstAccount } = server
  tell({ kind: "serving", serving: { url, awaitsFirstAccount } })
}

const tell = (told: Told) => void process.send?.(told, undefined, {}, () => {})

function end(closed: Promise<void>) {
  closed.then(() => process.exit(0))
}

interface Closing {
  takeAccepted(): number
  /** Resolves when it accepts no more connections. */
  stopped: Promise<void>
  respond(): void
  closed: Promise<void>
}

/** Only the primary knows when no connection waits to be accepted, and when no worker accepts any more. */
function beginClosing(server: RunningServer): Closing {
  let accepted = 0
  let respond = () => {}
  const responding = new Promise<void>((resolve) => {
    respond = resolve
  })
  // The primary has ended.
  process.once("disconnect", respond)
  let closed = Promise.resolve()
  const stopped = new Promise<void>((resolve) => {
    closed = server.close(async (http) => {
      http.on("connection", () => accepted++)
      await disconnected(http)
      await acceptQueued(http)
      http.close()
      resolve()
      await responding
    })
  })
  return {
    takeAccepted() {
      const taken = accepted
      accepted = 0
      return taken
    },
    ...{ stopped, respond, closed },
  }
}

/**
 * Resolves when the primary has disconnected this worker, and keeps the server open. By itself, `node:cluster` would close
 * it at once, and reset the connections that wait to be accepted.
 */
const disconnected = (http: Server) =>
  new Promise<void>((resolve) => {
    const close = http.close.bind(http)
    http.close = (onClosed) => {
      http.close = close
      if (onClosed) http.once("close", onClosed)
      resolve()
      return http
    }
  })
