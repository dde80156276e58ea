import { setTimeout as sleep } from "node:timers/promises"
import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { causesOf, hasCode } from "./causesOf.ts"
import type { Permit } from "./permit.ts"

/**
 * SQLSTATEs of a transaction that the database has rolled back because of another one: a serialization failure and a
 * deadlock. PostgreSQL asks its clients to repeat the whole transaction (manual, "Serialization Failure Handling").
 */
const CONFLICT = /^(40001|40P01)$/

/** In addition to the permit, this bounds the load from calls that keep losing. */
const MAX_ATTEMPTS = 25

/**
 * The longest pauses in milliseconds before the second attempt, and before any later one. The pause doubles in
 * between.
 */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [4, 64]

/** Runs the body of a query within its permit, and again after a conflict. */
export type RetryConflicts = <Result>(permit: Permit, run: () => Promise<Result>) => Promise<Result>

/**
 * Makes a function that runs the body of a query, and again from its beginning after a conflict, for as long as the
 * permit lasts. An attempt that ended in a conflict leaves nothing in the database, so the body must leave nothing
 * elsewhere. Queries that have met a conflict take turns: otherwise many queries for the same row would keep
 * defeating each other.
 *
 * After a commit whose outcome is unknown (an error that is `begun`), the body is never repeated.
 */
export function createRetryConflicts(): RetryConflicts {
  let last: Promise<unknown> = Promise.resolve()

  function inTurn<Result>(permit: Permit, run: () => Promise<Result>): Promise<Result> {
    const turn = last.then(() => {
      if (permit.over) throw permit.over
      return run()
    })
    last = turn.catch(() => {})
    return turn
  }

  return async (permit, run) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await (attempt === 1 ? run() : inTurn(permit, run))
      } catch (error) {
        if (!isConflict(error) || attempt >= MAX_ATTEMPTS || permit.over) throw error
      }
      // Random, because queries of other instances don't take turns with these.
      await sleep(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS))
    }
  }
}

const isConflict = (error: unknown) =>
  hasCode(error, CONFLICT) &&
  !causesOf(error).some((cause) => cause instanceof DatabaseUnavailable && cause.begun)
