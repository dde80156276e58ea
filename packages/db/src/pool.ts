import type { Database } from "./createDatabase.ts"
import type { SlotLimits, Slots } from "./createSlots.ts"

/** What stands between the queries and a database; a transaction has none of its own. */
export interface Pool {
  slots: Slots
  /** False behind a pooler, where the next statement may run on another connection to the server. */
  hasSessions: boolean
  /** From now on nothing is asked of a session: no settings, no prepared statements. */
  forgoSessions(): void
  /** Told how many seconds each query took, its waiting included. */
  onQuery: ((seconds: number) => void) | undefined
}

/** A query that waits this long and is then sent late still ends before its caller has been told that it failed. */
export const WAITING: Omit<SlotLimits, "size"> = { maxWaiting: 1_000, maxWaitMs: 900 }

const pools = new WeakMap<Database, Pool>()

export const poolOf = (db: Database): Pool | undefined => pools.get(db)

export function setPool(db: Database, pool: Pool): void {
  pools.set(db, pool)
}
