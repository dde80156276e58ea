import type { Database } from "../database.ts"
import type { WaitForLeases } from "../leases/waitForLeases.ts"
import type { Permit } from "./permit.ts"
import type { StandbyFence } from "./primary/standbyFence.ts"
import type { RetryConflicts } from "./retryConflicts.ts"
import type { SemaphoreLimits } from "./semaphore.ts"

/** Where changes of rights are kept outside of the database. */
export interface ChangeLog {
  /** Resolves when the log has all changes that were committed before the call. @throws {DatabaseUnavailable} with `begun`. */
  write(): Promise<void>
  /** @throws {DatabaseUnavailable} while the database lacks changes that the log has. */
  refuseReplaced(): void
  /** @throws {DatabaseUnavailable} while the log can't be written. */
  refuseUnwritable(): void
}

/** Runs queries on a database's connections. A transaction has no pool. */
export interface Pool {
  /** Runs the body of a query when a connection is available. */
  run<Result>(permit: Permit, body: (db: Database) => Promise<Result>): Promise<Result>
  retryConflicts: RetryConflicts
  /** Called with the seconds that each query took, including the wait. */
  onQuery: ((seconds: number) => void) | undefined
  /** What every read goes through, if there is a fence. */
  guard?: StandbyFence["guard"] | undefined
  /** Not for a database that one process has to itself. */
  waitForLeases?: WaitForLeases
  /** Set while a restore log is kept. */
  log?: ChangeLog
  /** Calls back when a right has changed, until the returned function is called. Some calls may get lost. */
  listenToChanges?: (onChange: () => void) => () => void
}

/** A query that waits this long for a connection still has time to complete within its permit. */
export const WAITING: Omit<SemaphoreLimits, "size" | "maxWrites"> = { maxWaiting: 1_000, maxWaitMs: 900 }

const pools = new WeakMap<Database, Pool>()

export const poolOf = (db: Database): Pool | undefined => pools.get(db)

export function setPool(db: Database, pool: Pool): void {
  pools.set(db, pool)
}

/** From now on, changes are answered only once the log has them. */
export function setLog(db: Database, log: ChangeLog): void {
  const pool = poolOf(db)
  if (!pool) throw new TypeError("a transaction keeps no log")
  pool.log = log
}
