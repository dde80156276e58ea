import { getTableColumns, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { onPrimary } from "../driver/primary/onPrimary.ts"
import { query } from "../query.ts"
import { authority, authorityChanges } from "../schema/authority.ts"

/** The position of a database, and of its restore log. */
export interface LogState {
  /** Null if no log is kept. */
  deploymentId: string | null
  /** The history that its positions belong to; null before the first. */
  historyId: string | null
  /** Where that history began. */
  historyServer: string | null
  /** Where the database is now. */
  server: string
  /** The position of the newest change. */
  position: number
  /** The log is known to have had all changes up to this position. */
  loggedTo: number
  /** Changes up to this position may have been deleted. */
  deletedTo: number
  /** When the change at a position was made; null if there is none. */
  at: string | null
}

const { deploymentId, historyId, historyServer, loggedTo, deletedTo } = getTableColumns(authority)
const position = sql<number>`${authority.position}::float8`

/**
 * Distinguishes servers, and each promotion of a standby. A server that was replaced without knowing it continues with
 * positions that its successor uses for other changes.
 */
export const serverName = sql<string>`(select system_identifier::text || ' ' ||
  case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end from pg_control_system())`

/** When the first change at a position was made, which identifies it: another history has another time. */
export const timeOf = (at: unknown) => sql<string | null>`(
  select to_char(min(${authorityChanges.createdAt}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  from ${authorityChanges} where ${authorityChanges.position} = ${at})`

/** @param params.head the position whose time is asked for. */
export async function findLogState(tx: Database, { head }: { head: number | null }): Promise<LogState> {
  const [state] = await tx
    .select({
      ...{ deploymentId, historyId, historyServer, server: serverName },
      ...{ position, loggedTo, deletedTo, at: timeOf(sql`${head}::bigint`) },
    })
    .from(authority)
  if (!state) throw new TypeError("the state of the restore log is missing")
  return state
}

/** One instance at a time compares the log with the database. */
export const lockLog = (tx: Database) =>
  tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('latchkey restore log ' || current_schema(), 0))`,
  )

/** Lets one process at a time compact the log. @returns whether it is this one, until the transaction ends. */
export async function tryLockCompaction(tx: Database): Promise<boolean> {
  const [row] = await tx
    .select({
      isLocked: sql<boolean>`pg_try_advisory_xact_lock(hashtextextended('latchkey compaction ' || current_schema(), 0))`,
    })
    .from(authority)
  return row?.isLocked ?? false
}

/** Waits for changes in flight, and blocks others until the transaction ends: see `raise_authority`. */
export const lockChanges = (tx: Database) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('latchkey leases ' || current_schema(), 0))`)

/** From the end of the transaction on, changes are recorded for this deployment's log. */
export async function beginLog(tx: Database, params: { deploymentId: string; at: number }): Promise<void> {
  await tx
    .update(authority)
    .set({ deploymentId: params.deploymentId, position: params.at, loggedTo: params.at })
}

/** The deployment whose log the database keeps; null for none. */
export const findDeployment = query(async (db, _: undefined): Promise<string | null> => {
  const [row] = await db.select({ deploymentId }).from(authority).where(onPrimary)
  return row?.deploymentId ?? null
})
