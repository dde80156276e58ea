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
  let lastBatch: Promise<unknown> = Promise.resolve()
  let dispatched: Promise<unknown> = lastBatch

  async function readInOrder(ids: readonly string[]) {
    onBatch?.(ids.length)
    const rows = read([...new Set(ids)])
    dispatched = rows
    const byId = new Map((await rows).map((row) => [idOf(row), row]))
    return ids.map((id) => byId.get(id) ?? null)
  }

  const loader = new DataLoader(readInOrder, {
    cache: false,
    maxBatchSize: 1_000,
    batchScheduleFn(dispatch) {
      lastBatch = lastBatch.then(() => {
        dispatch()
        return dispatched.catch(() => {})
      })
    },
  })
  return (id) => loader.load(id)
}
