import { sql } from "drizzle-orm"
import type { ClientInfo } from "./clientInfo.ts"
import type { Database } from "./database.ts"
import { DatabaseUnavailable } from "./databaseUnavailable.ts"
import { causesOf, hasCode } from "./driver/causesOf.ts"
import { measured } from "./driver/measured.ts"
import { type QueryKind, withPermit } from "./driver/permit.ts"
import { poolOf } from "./driver/pool.ts"
import { timelineName } from "./driver/primary/lineage.ts"
import { isOfStandby } from "./driver/primary/onPrimary.ts"

export type Query<Params, Result> = (db: Database, params: Params) => Promise<Result>

/**
 * Makes a query function from its body: provides a connection and a deadline, and converts every failure of the
 * database itself, as opposed to an error in the query, to `DatabaseUnavailable` with the failure as its cause. In a
 * transaction it uses the transaction's connection.
 *
 * When the database rolls back because of another transaction, the body runs again from its beginning. So its changes are
 * those of one transaction, or of statements that may be repeated, and it leaves nothing outside of the database.
 *
 * After the deadline no statement is sent, and a transaction is rolled back. A commit, or a statement outside of a
 * transaction, that was already in flight may still take effect: its outcome is unknown.
 */
export const query = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "read")

/** Like `query`, for writes, which may use only some of the pool's connections. */
export const write = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "write")

/** Like `write`. With `requireSynchronous`, it fails unless a standby has everything that it has written or read. */
export const lasting = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "lasting")

/**
 * Like `lasting`, for changes that end or narrow a right. This includes keys that are found revoked, because their
 * revocation may be known to this server alone. Resolves when no instance accepts that right any more, and
 * the restore log has the change.
 */
export const takeAway = <Params extends Waiting, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "takeAway", ({ client }) => client.onLeaseWait?.())

/**
 * Like `write`, for what uses up a credential or gives a right back: the restore log has it when it resolves. While the log is
 * known to be unwritable, nothing is changed.
 */
export const logged = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "logged")

/** For the restore log itself, which reads also while everything else is refused. */
export const forLog = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "log")

/** Like `write`, for a statement that is part of verifying and has the condition `waitsForNoStandby`. */
export const note = <Params, Result>(run: Query<Params, Result>): Query<Params, Result> =>
  permitted(run, "note")

/** A condition that is always true, and makes the commit of its statement wait only for the local disk. */
export const waitsForNoStandby = sql.raw("(select set_config('synchronous_commit', 'local', true)) = 'local'")

/** The parameters of a change that may have to wait for leases. */
interface Waiting {
  client: Pick<ClientInfo, "onLeaseWait">
}

function permitted<Params, Result>(
  run: Query<Params, Result>,
  kind: QueryKind,
  onLeaseWait?: (params: Params) => void,
): Query<Params, Result> {
  return async (db, params) => {
    const pool = poolOf(db)
    try {
      if (!pool) return await run(db, params)
      if (kind !== "log") pool.log?.refuseReplaced()
      // A refresh token must not be used up without its successor being answered.
      if (kind === "logged") pool.log?.refuseUnwritable()
      let committedOn: string | null = null
      const result = await measured(pool.onQuery, () =>
        withPermit(kind, async (permit) => {
          const ask = () =>
            pool.retryConflicts(permit, () => pool.run(permit, (pooled) => run(pooled, params)))
          const answer = await (kind === "read" && pool.guard ? pool.guard(ask, permit) : ask())
          committedOn = permit.server && timelineName(permit.server)
          return answer
        }),
      )
      if (kind === "takeAway") {
        if (pool.waitForLeases) onLeaseWait?.(params)
        await Promise.all([pool.waitForLeases?.(committedOn), pool.log?.write()])
      } else if (kind === "logged") await pool.log?.write()
      return result
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error
      const reported = causesOf(error).find((cause) => cause instanceof DatabaseUnavailable)
      if (!reported && isMistake(error)) throw error
      const begun = reported?.begun ?? false
      throw new DatabaseUnavailable("the database could not answer", { cause: error, begun })
    }
  }
}

/**
 * SQLSTATE classes that a retry can't fix: 0A feature not supported, 22 data, 23 constraint, 42 syntax or access. But an
 * operator can restore missing rights (42501).
 */
const MISTAKE = /^(?!42501)(0A|22|23|42)[0-9A-Z]{3}$/

const isMistake = (error: unknown) =>
  !isOfStandby(error) &&
  (hasCode(error, MISTAKE) || causesOf(error).some((cause) => cause instanceof TypeError))
