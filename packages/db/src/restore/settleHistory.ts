import { and, gt, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { authority, authorityChanges } from "../schema/authority.ts"
import { serverName, timeOf } from "./logState.ts"

/**
 * Begins a history of a database at a position that neither it nor the log has used, with a change of everything. The changes
 * that the log lacks get that position too.
 *
 * @param params.after the log has all changes up to this position.
 * @returns when the change was made.
 */
export async function settleHistory(
  tx: Database,
  {
    deploymentId,
    historyId,
    after,
    at,
  }: { deploymentId: string; historyId: string; after: number; at: number },
): Promise<string> {
  await tx.update(authority).set({
    deploymentId,
    historyId,
    historyServer: serverName,
    position: at,
    // The triggers raise it once in a transaction.
    raisedBy: sql`pg_current_xact_id()`,
    // Instances that answer from memory forget everything.
    deletedTo: at - 1,
  })
  const moved = tx
    .select({
      position: sql<number>`${at}::bigint`,
      subjectId: authorityChanges.subjectId,
      kind: authorityChanges.kind,
    })
    .from(authorityChanges)
    .where(gt(authorityChanges.position, after))
  await tx.execute(
    sql`insert into ${authorityChanges} (position, subject_id, kind) ${moved} on conflict do nothing`,
  )
  await tx
    .insert(authorityChanges)
    .values({ position: at, subjectId: "00000000-0000-0000-0000-000000000000", kind: "session" })
    .onConflictDoNothing()
  await tx
    .delete(authorityChanges)
    .where(and(gt(authorityChanges.position, after), sql`${authorityChanges.position} <> ${at}`))
  const [row] = await tx.select({ at: timeOf(sql`${at}::bigint`) }).from(authority)
  if (!row?.at) throw new TypeError("the state of the restore log is missing")
  return row.at
}
