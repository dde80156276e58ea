import cluster, { type Worker } from "node:cluster"
import { setImmediate as nextIteration } from "node:timers/promises"
import type { Log } from "../log.ts"
import type { Serving, Told } from "./messages.ts"

/**
 * Milliseconds until a worker that has ended is replaced: the first value, doubled for each further end, up to the
 * last value.
 */
const BACKOFF_MS = { first: 100, last: 10_000 }

/** If a worker has served for this many milliseconds, its end counts as the first again. */
const STEADY_MS = 60_000

/** How many times in a row a worker may end before it serves. */
const MAX_ENDS = 5

export interface KeepOptions {
  workers: number
  log: Log
  /** Called once, when all workers serve for the first time. */
  onServing(serving: Serving): void
  /** Called with the reason when the workers can't be expected to serve. */
  onFatal(why: string): void
  /** Called when a worker has ended. */
  onEnd(worker: Worker): void
}

export interface KeptWorkers {
  all(): Worker[]
  serving(): Worker[]
  /** How often a worker has been replaced. */
  replaced(): number
  /** Replaces no worker from now on. Resolves when all have ended. */
  release(): Promise<void>
}

/** The place of a worker, which its replacement takes. */
interface Place {
  number: number
  worker: Worker | null
  serving: Serving | null
  /** Ends in a row, without a steady time between them. */
  ends: number
  /** Of these, the ends before it served. */
  endsAtStart: number
}

/** Starts the workers, and replaces those that end. */
export function keepWorkers({ workers, log, onServing, onFatal, onEnd }: KeepOptions): KeptWorkers {
  const places = Array.from({ length: workers }, (_, index): Place => {
    return { number: index + 1, worker: null, serving: null, ends: 0, endsAtStart: 0 }
  })
  let haveServed = false
  let replaced = 0
  let onAllEnded: (() => void) | null = null

  function begin(place: Place) {
    if (onAllEnded) return
    // The workers accept connections themselves. Node's default is that the primary accepts every connection at once, and
    // hands them over one at a time. A client that opens connections faster than that would put all others behind an
    // unbounded queue. A worker without a free file descriptor loses the connection without a report, and is then
    // never given another one.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    // The arguments name the worker in the list of processes. Only this format knows NaN, which metrics may be.
    cluster.setupPrimary({ args: ["worker", String(place.number)], serialization: "advanced" })
    const worker = cluster.fork()
    // Each question listens until it is answered, and any number of scrapes may ask at once.
    worker.setMaxListeners(0)
    place.worker = worker
    let servingSince = 0
    let why: string | null = null
    worker.on("message", (told: Told) => {
      if (told.kind === "failed") why = told.why
      if (told.kind !== "serving") return
      place.serving = told.serving
      place.endsAtStart = 0
      servingSince = performance.now()
      noteServing()
    })
    worker.on("exit", async (code, signal) => {
      // Its messages may arrive after it has exited.
      await nextIteration()
      await nextIteration()
      end(signal ?? `exit code ${code}`)
    })
    worker.on("error", (error: NodeJS.ErrnoException) => {
      // Otherwise the error is about a message, and the worker is still running.
      if (worker.process.pid === undefined) end(error.code ?? error.name)
    })

    function end(how: string) {
      const isSteady = servingSince > 0 && performance.now() - servingSince >= STEADY_MS
      Object.assign(place, { worker: null, serving: null, ends: isSteady ? 1 : place.ends + 1 })
      if (servingSince === 0) place.endsAtStart++
      onEnd(worker)
      if (onAllEnded) return noteEnded()
      replace(place, why, how)
    }
  }

  function replace(place: Place, why: string | null, how: string) {
    const isHopeless = !haveServed || places.every(({ serving }) => serving === null)
    if (isHopeless && why !== null) return onFatal(why)
    if (isHopeless && place.endsAtStart >= MAX_ENDS) {
      return onFatal(`a worker has ended ${MAX_ENDS} times before it could serve (${how})`)
    }
    log.error(`worker ${place.number} has ended (${why ?? how}) and is replaced`)
    replaced++
    setTimeout(() => begin(place), Math.min(BACKOFF_MS.first * 2 ** (place.ends - 1), BACKOFF_MS.last))
  }

  function noteServing() {
    const [first] = places
    if (haveServed || !first?.serving || places.some(({ serving }) => serving === null)) return
    haveServed = true
    onServing(first.serving)
  }

  function noteEnded() {
    if (places.every(({ worker }) => worker === null)) onAllEnded?.()
  }

  const workersOf = (which: readonly Place[]) => which.flatMap(({ worker }) => worker ?? [])

  for (const place of places) begin(place)
  return {
    all: () => workersOf(places),
    serving: () => workersOf(places.filter(({ serving }) => serving !== null)),
    replaced: () => replaced,
    release: () =>
      new Promise((resolve) => {
        onAllEnded = resolve
        noteEnded()
      }),
  }
}
