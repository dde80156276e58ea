import type { Log } from "./log.ts"

/**
 * Returns a signal that the first SIGTERM or SIGINT aborts. Only the first counts: of one Ctrl+C, `npm start` makes two,
 * and the second must not cut off what the first lets end.
 *
 * As process 1 of a container, a process is not ended by a signal that it does not listen for.
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
