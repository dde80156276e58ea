import { LRUCache } from "lru-cache"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import type { Seen } from "./changes.ts"
import type { Lease } from "./lease.ts"

/** A row, and the timeline and position of the snapshot in which it was read. */
export interface SeenRow<Row> {
  row: Row
  seen: Seen
}

/** Reads rows that verdicts depend on, and answers from memory while the instance holds a lease. */
export interface LeasedRead<Row> {
  /** The row from memory, if a verdict may depend on it now. Call this after the request has arrived. */
  get(id: string): Row | undefined
  /** The row from memory or the database; null if there is none. @throws {DatabaseUnavailable} without a lease. */
  load(id: string): Promise<Row | null>
  /** Forgets a row that this instance has changed. */
  forget(id: string): void
}

/** More than one, because a standby may be promoted between a read and the lease. */
const ATTEMPTS = 2

/**
 * @param options.read reads one row, on the primary.
 * @param options.subjectsOf the ids of the key, session and owner on which the row depends.
 * @param options.endOf when the right that the row grants expires, in milliseconds; Infinity if never.
 * @param options.max how many rows are kept; 0 for none.
 */
export function createLeasedRead<Row>(
  lease: Lease,
  options: {
    read: (id: string) => Promise<SeenRow<Row> | null>
    subjectsOf: (row: Row, id: string) => readonly string[]
    endOf: (row: Row) => number
    max: number
  },
): LeasedRead<Row> {
  const { read, subjectsOf, endOf, max } = options
  const kept = max > 0 ? new LRUCache<string, SeenRow<Row>>({ max }) : undefined
  let { era } = lease.changes

  function forgetFormerEra() {
    if (era === lease.changes.era) return
    kept?.clear()
    era = lease.changes.era
  }

  function get(id: string): Row | undefined {
    forgetFormerEra()
    const found = kept && lease.isHeld() ? kept.get(id) : undefined
    if (!found) return undefined
    const { row, seen } = found
    if (lease.changes.areCurrent(seen, subjectsOf(row, id)) && endOf(row) > lease.latestTime()) return row
    kept?.delete(id)
    return undefined
  }

  async function load(id: string): Promise<Row | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { timeline, position, era: eraOfRead } = lease.changes
      const found = await read(id)
      await lease.hold()
      // If another server grants the lease, the one that was read may be an old primary, on which keys that were
      // revoked since are still valid.
      if (!found && timeline === lease.changes.timeline) return null
      if (found && found.seen.timeline === lease.changes.timeline && found.seen.position >= (position ?? 0)) {
        forgetFormerEra()
        // Otherwise, the row may predate the restore of a backup whose timeline has the same name.
        if (eraOfRead === era || timeline !== lease.changes.timeline) kept?.set(id, found)
        return found.row
      }
    }
    throw new DatabaseUnavailable("another server has become the primary")
  }

  return { get, load: async (id) => get(id) ?? load(id), forget: (id) => void kept?.delete(id) }
}
