import { type Database, eraseMore } from "@latchkey/db"
import type { Origin } from "../clientInfo.ts"

/**
 * Continues an erasure, in batches.
 *
 * @param params.isOver asked after each batch.
 * @returns whether nothing is left.
 */
export async function finishErasure(
  db: Database,
  { id, client, isOver }: { id: string; client: Pick<Origin, "onLeaseWait">; isOver: () => boolean },
): Promise<boolean> {
  while (!(await eraseMore(db, { id, client }))) if (isOver()) return false
  return true
}
