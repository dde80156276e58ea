import { type Database, deleteOldAuditEvents, deleteOldLimits, deleteOldSessions } from "@latchkey/db"

/** Few enough for one statement to be quick and block nobody. */
const MAX_AT_ONCE = 1_000

const INTERVAL_MS = 5 * 60_000

/**
 * How long sessions are kept once they have ended or expired. Nothing reads them then: one that is not there is refused
 * like one that has ended, and the audit trail tells of both without them.
 */
const SESSION_DAYS = 30

/** Keeps the database from growing for ever: deletes, every few minutes, what nobody needs any more. */
export interface Sweeper {
  /** Deletes everything that is too old. */
  sweep(): Promise<void>
  /** Stops after the statement in flight. */
  close(): Promise<void>
}

/**
 * @param options.auditRetentionDays how long events of the audit trail are kept.
 * @param options.onError is told when the database could not delete; the next time will do.
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
