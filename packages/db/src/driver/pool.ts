import type { Database } from "../database.ts"
import type { Lease } from "./lease.ts"
import type { SemaphoreLimits } from "./semaphore.ts"

/** What stands between the queries and a database; a transaction has none of its own. */
export interface Pool {
  /** Runs a query's body when there is a place for it. */
  run<Result>(lease: Lease, body: (db: Database) => Promise<Result>): Promise<Result>
  /** Told how many seconds each query took, its waiting included. */
  onQuery: ((seconds: number) => void) | undefined
}

/** A query that waits this long for its turn has time left to be done before its lease is over. */
export const WAITING: Omit<SemaphoreLimits, "size" | "maxWrites"> = { maxWaiting: 1_000, maxWaitMs: 900 }

const pools = new WeakMap<Database, Pool>()

export const poolOf = (db: Database): Pool | undefined => pools.get(db)

export function setPool(db: Database, pool: Pool): void {
  pools.set(db, pool)
}
