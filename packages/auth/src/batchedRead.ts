import { setImmediate as nextIteration } from "node:timers/promises"
import type { BatchWatch } from "./observer.ts"

const MAX_BATCH = 1_000

/** This many concurrent loads are worth a separate read. */
const BURST = 16

interface Load<Row> {
  id: string
  resolve: (row: Row | null) => void
  reject: (error: unknown) => void
  /** For traces. */
  origin: unknown
}

/**
 * Batches concurrent reads of single rows. Loads that arrive while a batch is in flight form the next one. A load is always
 * answered by a read that began after it, and nothing is cached.
 *
 * A burst is the exception. Calls in this process whose batch has been answered continue together, and come back
 * together. If all of them shared one batch, the database and the process would wait for each other in turn. So they
 * become two batches, and the database works on one while the calls of the other continue.
 *
 * @param read returns the rows with the given ids, in any order, without those that don't exist.
 * @param watch is told how many loads share a read.
 * @returns a function that loads a row by its id, or null if it doesn't exist.
 */
export function createBatchedRead<Row>(
  read: (ids: readonly string[]) => Promise<Row[]>,
  idOf: (row: Row) => string,
  watch?: BatchWatch,
): (id: string) => Promise<Row | null> {
  const waiting: Load<Row>[] = []
  let inFlight = 0
  /** The number of loads that have arrived together. */
  let arrived = 0

  function beginOnArrival() {
    const mayBeBurst = arrived >= BURST
    arrived = 0
    // Many loads of few rows are not worth a second batch.
    const rows = mayBeBurst ? new Set(waiting.map(({ id }) => id)).size : 0
    if (inFlight === 0) begin(rows < 2 * BURST ? waiting.length : Math.ceil(waiting.length / 2))
    if (inFlight === 1 && rows >= BURST) begin(waiting.length)
  }

  function begin(size: number) {
    if (size > 0) void answer(waiting.splice(0, Math.min(size, MAX_BATCH)))
  }

  async function answer(loads: readonly Load<Row>[]) {
    inFlight++
    watch?.onBatch(loads.length)
    try {
      const byId = await readById(loads)
      for (const { id, resolve } of loads) resolve(byId.get(id) ?? null)
    } catch (error) {
      for (const { reject } of loads) reject(error)
    }
  }

  async function readById(loads: readonly Load<Row>[]): Promise<Map<string, Row>> {
    try {
      const ids = [...new Set(loads.map(({ id }) => id))]
      const rows = await (watch?.follow
        ? watch.follow(
            loads.map(({ origin }) => origin),
            () => read(ids),
          )
        : read(ids))
      return new Map(rows.map((row) => [idOf(row), row]))
    } finally {
      inFlight--
      if (inFlight === 0 && waiting.length > 0) {
        begin(waiting.length)
        // The driver sends its queries at the end of an event loop iteration. Waiting until the next batch is sent lets
        // the database work on it while this batch's callers continue.
        await nextIteration()
        await nextIteration()
      }
    }
  }

  return (id) =>
    new Promise((resolve, reject) => {
      waiting.push({ id, resolve, reject, origin: watch?.origin?.() })
      arrived++
      if (arrived === 1) queueMicrotask(beginOnArrival)
    })
}
