import { setImmediate as nextIteration } from "node:timers/promises"
import DataLoader from "dataloader"

/**
 * Batches concurrent reads of single rows. At most one batch is in flight; loads that arrive meanwhile form the next
 * one. A load is always answered by a read that began after it, and nothing is cached.
 *
 * @param read returns the rows with the given ids, in any order, without those that don't exist.
 * @param onBatch called with the number of loads that share a read.
 * @returns a function that loads a row by its id, or null if it doesn't exist.
 */
export function createBatchedRead<Row>(
  read: (ids: readonly string[]) => Promise<Row[]>,
  idOf: (row: Row) => string,
  onBatch?: (size: number) => void,
): (id: string) => Promise<Row | null> {
  const waiting: (() => void)[] = []
  let isReading = false

  /** @returns whether another batch was started. */
  function beginNext(): boolean {
    const dispatch = waiting.shift()
    isReading = dispatch !== undefined
    dispatch?.()
    return isReading
  }

  async function readInOrder(ids: readonly string[]) {
    onBatch?.(ids.length)
    let rows: Row[]
    try {
      rows = await read([...new Set(ids)])
    } finally {
      // The driver sends its queries at the end of an event loop iteration. Waiting until the next batch is sent lets
      // the database work on it while this batch's callers continue.
      if (beginNext()) {
        await nextIteration()
        await nextIteration()
      }
    }
    const byId = new Map(rows.map((row) => [idOf(row), row]))
    return ids.map((id) => byId.get(id) ?? null)
  }

  const loader = new DataLoader(readInOrder, {
    cache: false,
    maxBatchSize: 1_000,
    batchScheduleFn(dispatch) {
      waiting.push(dispatch)
      if (isReading) return
      isReading = true
      // DataLoader adds the first load to the batch only after this call.
      queueMicrotask(beginNext)
    },
  })
  return (id) => loader.load(id)
}
