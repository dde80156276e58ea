import type { Database } from "./createDatabase.ts"

/**
 * Longer than the slowest honest query; short enough that a caller is told within 5 s that nothing answers, who
 * may have waited for one batch to give up before the next one does.
 */
const DEADLINE_MS = 2_000

/** The database could not answer now: unreachable, overloaded, shutting down, read-only, out of space. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable"
}

/**
 * Makes a query function out of its body: gives it a deadline and turns every failure of the database itself,
 * as opposed to a mistake in the query, into `DatabaseUnavailable` with the failure as its cause.
 *
 * A write that ran into the deadline may still have happened.
 */
export function query<Params, Result>(
  run: (db: Database, params: Params) => Promise<Result>,
): (db: Database, params: Params) => Promise<Result> {
  return async (db, params) => {
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new DatabaseUnavailable(`no answer within ${DEADLINE_MS} ms`)),
        DEADLINE_MS,
      )
    })
    try {
      return await Promise.race([run(db, params), deadline])
    } catch (error) {
      if (error instanceof DatabaseUnavailable || isMistake(error)) throw error
      throw new DatabaseUnavailable("the database could not answer", { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** SQLSTATE classes that a retry can't mend: 0A feature not supported, 22 data, 23 constraint, 42 syntax or access. */
function isMistake(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TypeError) return true
    if ("code" in cause && typeof cause.code === "string" && /^(0A|22|23|42)[0-9A-Z]{3}$/.test(cause.code)) {
      return true
    }
  }
  return false
}
