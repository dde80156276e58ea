import type { Log } from "./log.ts"

/**
 * Returns a signal that the first SIGTERM or SIGINT aborts. Only the first counts: `npm start` turns one Ctrl+C into
 * two signals, and the second must not cut off the graceful stop.
 *
 * The first process of a container ignores signals that it does not listen for.
 */
export function listenForStop(log: Log): AbortSignal {
  const stop = new AbortController()
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) return
      log.info({ signal }, "stopping")
      stop.abort()
    })
  }
  return stop.signal
}
