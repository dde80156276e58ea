import { type Database, eraseMore } from "@latchkey/db"

/**
 * Continues an erasure, in batches.
 *
 * @param params.isOver asked after each batch.
 * @returns whether nothing is left.
 */
export async function finishErasure(
  db: Database,
  { id, isOver }: { id: string; isOver: () => boolean },
): Promise<boolean> {
  while (!(await eraseMore(db, { id }))) if (isOver()) return false
  return true
}
