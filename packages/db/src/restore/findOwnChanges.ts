import { gt } from "drizzle-orm"
import type { Database } from "../database.ts"
import { authorityChanges } from "../schema/authority.ts"

/**
 * The ids of subjects that a database may have changed on its own, such as after a failover or by hand after a restore. The log
 * does not know whether its own change of them is newer.
 *
 * @param params.after the position up to which the log has all changes.
 */
export async function findOwnChanges(tx: Database, { after }: { after: number }): Promise<Set<string>> {
  const rows = await tx
    .selectDistinct({ id: authorityChanges.subjectId })
    .from(authorityChanges)
    .where(gt(authorityChanges.position, after))
  return new Set(rows.map(({ id }) => id))
}
