import {
  type Database,
  deleteOldAccountTokens,
  deleteOldAuditEvents,
  deleteOldChanges,
  deleteOldCounters,
  deleteOldLimits,
  deleteOldMassRevocations,
  deleteOldSessions,
  deleteOldSignInChallenges,
  deleteOldUsage,
  findUnfinishedErasures,
  keepMonths,
  type TableByMonth,
} from "@latchkey/db"
import { finishErasure } from "./accounts/finishErasure.ts"

/** Small enough for each statement to be quick and to block no others. */
const MAX_AT_ONCE = 1_000

const INTERVAL_MS = 5 * 60_000

/**
 * How long ended and expired sessions are kept. Nothing reads them: a missing session is rejected like an ended one,
 * and the audit trail does not need them.
 */
const SESSION_DAYS = 30

/** How long the usage of keys is kept. */
const USAGE_DAYS = 90

/** How long changes are kept for instances that answer from memory. */
const CHANGE_DAYS = 1

/** How long revocations of many keys can be resumed. */
const MASS_REVOCATION_DAYS = 1

/**
 * Every few minutes, deletes old rows, so that the database does not grow without bound, creates the partitions of
 * the coming months, and continues interrupted erasures.
 */
export interface Sweeper {
  /** Deletes everything that is too old, and finishes erasures. */
  sweep(): Promise<void>
  /** Stops after the statement in flight. */
  close(): Promise<void>
}

/**
 * @param options.auditRetentionDays how long audit events are kept.
 * @param options.onError called when a deletion fails. The next sweep tries again.
 */
export function createSweeper(
  db: Database,
  { auditRetentionDays, onError }: { auditRetentionDays: number; onError: (error: unknown) => void },
): Sweeper {
  let isClosed = false
  let inFlight: Promise<void> | undefined

  async function sweepOne(
    deleteOld: typeof deleteOldLimits,
    days: number,
    place: { partition?: string } = {},
  ) {
    try {
      let deleted = MAX_AT_ONCE
      while (deleted === MAX_AT_ONCE && !isClosed) {
        deleted = await deleteOld(db, { days, limit: MAX_AT_ONCE, ...place })
      }
    } catch (error) {
      onError(error)
    }
  }
  async function sweepMonths(table: TableByMonth, deleteOld: typeof deleteOldLimits, days: number) {
    try {
      const places = await keepMonths(db, { table, days, onError })
      for (const place of places) await sweepOne(deleteOld, days, place)
    } catch (error) {
      onError(error)
    }
  }
  /** An erasure that fails again and again does not make others wait. */
  async function finishErasures() {
    try {
      for (const id of await findUnfinishedErasures(db, { limit: MAX_AT_ONCE })) {
        await finishErasure(db, { id, client: {}, isOver: () => isClosed }).catch(onError)
        if (isClosed) return
      }
    } catch (error) {
      onError(error)
    }
  }
  async function sweepAll() {
    await finishErasures()
    await sweepOne(deleteOldLimits, 0)
    await sweepOne(deleteOldCounters, 0)
    await sweepOne(deleteOldAccountTokens, 0)
    await sweepOne(deleteOldSignInChallenges, 0)
    await sweepMonths("usage", deleteOldUsage, USAGE_DAYS)
    await sweepOne(deleteOldMassRevocations, MASS_REVOCATION_DAYS)
    await sweepOne(deleteOldSessions, SESSION_DAYS)
    await sweepOne(deleteOldChanges, CHANGE_DAYS)
    await sweepMonths("auditEvents", deleteOldAuditEvents, auditRetentionDays)
    inFlight = undefined
  }
  function sweep() {
    inFlight ??= sweepAll()
    return inFlight
  }
  const timer = setInterval(sweep, INTERVAL_MS).unref()

  return {
    sweep,
    async close() {
      isClosed = true
      clearInterval(timer)
      await inFlight
    },
  }
}
