import type { Database } from "./createDatabase.ts"
import { DatabaseUnavailable } from "./databaseUnavailable.ts"
import { type Pool, poolOf } from "./pool.ts"
import { setLimits } from "./sessionLimits.ts"

/**
 * Longer than the slowest honest query; short enough that a caller is told within 5 s that nothing answers, who
 * may have waited for one batch to give up before the next one does.
 */
const DEADLINE_MS = 2_000

/**
 * Makes a query function out of its body: gives it a turn on the database and a deadline, and turns every failure
 * of the database itself, as opposed to a mistake in the query, into `DatabaseUnavailable` with the failure as its
 * cause. Given a transaction, it has its turn already.
 *
 * A write that ran into the deadline may still have happened, if it was under way by then.
 */
export function query<Params, Result>(
  run: (db: Database, params: Params) => Promise<Result>,
): (db: Database, params: Params) => Promise<Result> {
  async function inTurn(pool: Pool, db: Database, params: Params): Promise<Result> {
    const turn = pool.slots.take()
    if (turn) await turn
    try {
      return await (pool.hasSessions ? run(db, params) : limited(db, (tx) => run(tx, params)))
    } finally {
      pool.slots.free()
    }
  }

  return async (db, params) => {
    const pool = poolOf(db)
    const startedAt = pool?.onQuery && performance.now()
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new DatabaseUnavailable(`no answer within ${DEADLINE_MS} ms`)),
        DEADLINE_MS,
      )
    })
    try {
      return await Promise.race([pool ? inTurn(pool, db, params) : run(db, params), deadline])
    } catch (error) {
      if (pool?.hasSessions && isOfNoSession(error)) pool.forgoSessions()
      if (error instanceof DatabaseUnavailable || isMistake(error)) throw error
      throw new DatabaseUnavailable("the database could not answer", { cause: error })
    } finally {
      clearTimeout(timer)
      if (startedAt !== undefined) pool?.onQuery?.((performance.now() - startedAt) / 1000)
    }
  }
}

/** The same for what changes the database. */
export const write = query

/** A transaction with the limits that a session would have had. */
function limited<Result>(db: Database, run: (tx: Database) => Promise<Result>): Promise<Result> {
  return db.transaction(async (tx) => {
    await tx.execute(setLimits)
    return run(tx)
  })
}

/** SQLSTATE classes that a retry can't mend: 0A feature not supported, 22 data, 23 constraint, 42 syntax or access. */
const MISTAKE = /^(0A|22|23|42)[0-9A-Z]{3}$/

/** SQLSTATEs of a pooler: settings at the start of a session refused, a prepared statement gone. */
const NO_SESSION = /^(08P01|26000)$/

const isMistake = (error: unknown) =>
  causesOf(error).some((cause) => cause instanceof TypeError || hasCode(cause, MISTAKE))

/** Whether a failure, or what caused it, is that there is a pooler on the way. */
export const isOfNoSession = (error: unknown) => causesOf(error).some((cause) => hasCode(cause, NO_SESSION))

const hasCode = (error: Error, codes: RegExp) =>
  "code" in error && typeof error.code === "string" && codes.test(error.code)

function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : []
}
