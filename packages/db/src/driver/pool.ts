import type { Database } from "../database.ts"
import type { Lease } from "./lease.ts"
import type { SemaphoreLimits } from "./semaphore.ts"

/** Runs queries on a database's connections. A transaction has no pool. */
export interface Pool {
  /** Runs the body of a query when a connection is available. */
  run<Result>(lease: Lease, body: (db: Database) => Promise<Result>): Promise<Result>
  /** Called with the seconds that each query took, including the wait. */
  onQuery: ((seconds: number) => void) | undefined
}

/** A query that waits this long for a connection still has time to complete within its lease. */
export const WAITING: Omit<SemaphoreLimits, "size" | "maxWrites"> = { maxWaiting: 1_000, maxWaitMs: 900 }

const pools = new WeakMap<Database, Pool>()

export const poolOf = (db: Database): Pool | undefined => pools.get(db)

export function setPool(db: Database, pool: Pool): void {
  pools.set(db, pool)
}
