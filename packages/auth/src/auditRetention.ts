import { type Database, deleteOldAuditEvents } from "@latchkey/db"

/** Few enough that one statement is quick and holds nobody up. */
const MAX_AT_ONCE = 1_000

/** Keeps the audit trail from growing for ever: deletes, every few minutes, what is older than it is kept. */
export interface AuditRetention {
  /** Deletes all that is too old now. */
  sweep(): Promise<void>
  /** Stops, after the statement under way. */
  close(): Promise<void>
}

/**
 * @param days how long events are kept.
 * @param onError is told when the database could not delete; the next time will do.
 */
export function createAuditRetention(
  db: Database,
  {
    days,
    onError,
    intervalMs = 600_000,
  }: { days: number; onError: (error: unknown) => void; intervalMs?: number },
): AuditRetention {
  let isClosed = false
  let underWay: Promise<void> | undefined

  async function deleteInParts() {
    try {
      let deleted = MAX_AT_ONCE
      while (deleted === MAX_AT_ONCE && !isClosed) {
        deleted = await deleteOldAuditEvents(db, { days, limit: MAX_AT_ONCE })
      }
    } catch (error) {
      onError(error)
    } finally {
      underWay = undefined
    }
  }
  function sweep() {
    underWay ??= deleteInParts()
    return underWay
  }
  const timer = setInterval(sweep, intervalMs).unref()

  return {
    sweep,
    async close() {
      isClosed = true
      clearInterval(timer)
      await underWay
    },
  }
}
