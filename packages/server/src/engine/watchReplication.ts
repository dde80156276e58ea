import { type Database, findReplication, type Replication } from "@latchkey/db"
import type { toHandlerLogger } from "./logger.ts"

const EVERY_MS = 60_000

/** Whether the server can lose acknowledged changes, as read at startup and every minute. */
export interface ReplicationWatch {
  /** Undefined before the first look, and while it is not known. */
  current(): Replication | undefined
  close(): void
}

/**
 * Checks how PostgreSQL replicates, now and every minute. Warns if a failover could lose an acknowledged revocation:
 * once, and again when the reason changes.
 */
export async function watchReplication(
  db: Database,
  log: Pick<ReturnType<typeof toHandlerLogger>, "warn" | "info">,
  { requireSynchronous }: { requireSynchronous: boolean },
): Promise<ReplicationWatch> {
  let current: Replication | undefined
  let warned: string | null = null

  async function look() {
    // The database may be unreachable, or not PostgreSQL.
    current = await findReplication(db, undefined).catch(() => undefined)
    if (!current) return
    const warning = warningAbout(current, requireSynchronous)
    if (warning === warned) return
    if (warning === null) log.info({}, "PostgreSQL acknowledges changes only once a standby has them")
    else log.warn(warning)
    warned = warning
  }

  await look()
  const timer = setInterval(look, EVERY_MS).unref()
  return { current: () => current, close: () => clearInterval(timer) }
}

/** Why an acknowledged change may be lost, or can't be acknowledged; null if all is well. */
export function warningAbout(
  { isSynchronous, standbys, isVisible }: Replication,
  requireSynchronous: boolean,
): string | null {
  if (requireSynchronous && !isVisible) {
    return "requireSynchronous: this role can't see what the standbys have, so every revocation is answered with 503; grant pg_read_all_stats to it"
  }
  if (requireSynchronous && !isSynchronous) {
    return "requireSynchronous: synchronous_standby_names is empty, so every revocation is answered with 503"
  }
  if (!isSynchronous && standbys > 0) {
    return "PostgreSQL acknowledges changes before a standby has them: a failover loses the last revocations, and their keys are accepted again; set synchronous_standby_names"
  }
  return null
}
