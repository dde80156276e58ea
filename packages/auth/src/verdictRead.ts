import { createLeasedRead, type SeenRow } from "@latchkey/db"
import { createBatchedRead } from "./batchedRead.ts"
import type { Memory } from "./memory.ts"
import type { BatchWatch } from "./observer.ts"

/** Reads rows that verdicts depend on. */
export interface VerdictRead<Row> {
  find(id: string): Promise<Row | null>
  /** Forgets a row that this instance has changed. */
  forget(id: string): void
}

/**
 * Without `memory`, each row is read from the primary after the call. With `memory`, a row may come from memory while
 * a lease is held, and there is no verdict without a lease.
 *
 * @param options.readSeen the same as `read`, with the positions at which the rows were read.
 * @param options.subjectsOf the ids of the key, session and owner on which the row depends.
 * @param options.endOf when the row ends a right by itself, in milliseconds; Infinity if never, -Infinity to not keep
 *   it at all.
 */
export function createVerdictRead<Row, Seen extends Row = Row>(
  memory: Memory | undefined,
  options: {
    read: (ids: readonly string[]) => Promise<Row[]>
    readSeen: (ids: readonly string[]) => Promise<SeenRow<Seen>[]>
    idOf: (row: Row) => string
    subjectsOf: (row: Seen) => readonly string[]
    endOf: (row: Seen) => number
    watch: BatchWatch | undefined
  },
): VerdictRead<Row> {
  const { read, readSeen, idOf, subjectsOf, endOf, watch } = options
  if (!memory) return { find: createBatchedRead(read, idOf, watch), forget() {} }
  const rows = createLeasedRead<Seen>(memory.lease, {
    read: createBatchedRead(readSeen, ({ row }) => idOf(row), watch),
    subjectsOf,
    endOf,
    max: memory.maxRows,
  })
  if (!watch) return { find: rows.load, forget: rows.forget }
  return {
    async find(id) {
      const row = rows.get(id)
      if (row === undefined) return rows.load(id)
      watch.onRemembered()
      return row
    },
    forget: rows.forget,
  }
}

/** Makes reads that are never answered from memory fail without a lease. @throws {DatabaseUnavailable} */
export const fenced =
  <Ids, Rows>(memory: Memory | undefined, read: (ids: Ids) => Promise<Rows>): ((ids: Ids) => Promise<Rows>) =>
  async (ids) => {
    const rows = await read(ids)
    await memory?.lease.hold()
    return rows
  }
