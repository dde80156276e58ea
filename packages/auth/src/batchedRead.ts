import { setImmediate as turn } from "node:timers/promises"
import DataLoader from "dataloader"

/**
 * Turns a read of many rows into reads of one that share it: at most one batch is under way, and what arrives
 * meanwhile gathers for the next. A load is always answered by a read that began after it, and nothing is kept.
 *
 * @param read the rows of the given ids, in any order, without those that don't exist.
 * @param onBatch told how many loads share a read.
 * @returns the row of an id, or null.
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
      // The driver sends what it gathered in a turn of the event loop at its end. With the next batch sent before
      // this one's callers go on, the database works while they do.
      if (beginNext()) {
        await turn()
        await turn()
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
