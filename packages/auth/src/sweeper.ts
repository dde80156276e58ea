import {
  type Database,
  deleteOldAuditEvents,
  deleteOldCounters,
  deleteOldLimits,
  deleteOldMassRevocations,
  deleteOldSessions,
  deleteOldUsage,
} from "@latchkey/db"

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

/** How long revocations of many keys can be resumed. */
const MASS_REVOCATION_DAYS = 1

/** Deletes old rows every few minutes, so that the database does not grow without bound. */
export interface Sweeper {
  /** Deletes everything that is too old. */
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

  async function sweepOne(deleteOld: typeof deleteOldLimits, days: number) {
    try {
      let deleted = MAX_AT_ONCE
      while (deleted === MAX_AT_ONCE && !isClosed) {
        deleted = await deleteOld(db, { days, limit: MAX_AT_ONCE })
      }
    } catch (error) {
      onError(error)
    }
  }
  async function sweepAll() {
    await sweepOne(deleteOldLimits, 0)
    await sweepOne(deleteOldCounters, 0)
    await sweepOne(deleteOldUsage, USAGE_DAYS)
    await sweepOne(deleteOldMassRevocations, MASS_REVOCATION_DAYS)
    await sweepOne(deleteOldSessions, SESSION_DAYS)
    await sweepOne(deleteOldAuditEvents, auditRetentionDays)
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
