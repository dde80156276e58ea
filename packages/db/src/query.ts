import type { Database } from "./database.ts"
import { DatabaseUnavailable } from "./databaseUnavailable.ts"
import { causesOf, hasCode } from "./driver/causesOf.ts"
import { withLease } from "./driver/lease.ts"
import { isOfStandby } from "./driver/onPrimary.ts"
import { poolOf } from "./driver/pool.ts"

export type Query<Params, Result> = (db: Database, params: Params) => Promise<Result>

/**
 * Makes a query function from its body: provides a connection and a deadline, and converts every failure of the
 * database itself, as opposed to an error in the query, to `DatabaseUnavailable` with the failure as its cause. In a
 * transaction it uses the transaction's connection.
 *
 * After the deadline no statement is sent, and a transaction is rolled back. A commit, or a statement outside of a
 * transaction, that was already in flight may still take effect: its outcome is unknown.
 */
export const query = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> => leased(run, false)

/** Like `query`, for writes, which may use only some of the pool's connections. */
export const write = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> => leased(run, true)

function leased<Params, Result>(run: Query<Params, Result>, isWrite: boolean): Query<Params, Result> {
  return async (db, params) => {
    const pool = poolOf(db)
    const startedAt = pool?.onQuery && performance.now()
    try {
      if (!pool) return await run(db, params)
      return await withLease(isWrite, (lease) => pool.run(lease, (pooled) => run(pooled, params)))
    } catch (error) {
      if (error instanceof DatabaseUnavailable || isMistake(error)) throw error
      throw new DatabaseUnavailable("the database could not answer", { cause: error })
    } finally {
      if (startedAt !== undefined) pool?.onQuery?.((performance.now() - startedAt) / 1000)
    }
  }
}

/** SQLSTATE classes that a retry can't fix: 0A feature not supported, 22 data, 23 constraint, 42 syntax or access. */
const MISTAKE = /^(0A|22|23|42)[0-9A-Z]{3}$/

const isMistake = (error: unknown) =>
  !isOfStandby(error) &&
  (hasCode(error, MISTAKE) || causesOf(error).some((cause) => cause instanceof TypeError))
