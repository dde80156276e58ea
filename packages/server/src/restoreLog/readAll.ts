import { type Database, findChanges, type LoggedChange } from "@latchkey/db"

/** So many changes are read, or applied, by one statement. */
export const CHANGES_AT_ONCE = 5_000

type Found = Awaited<ReturnType<typeof findChanges>>

/** Reads what changed after a position, in several statements if it is much. The first of them decides where it ends. */
export async function readAll(
  db: Database,
  { after, check }: { after: number; check?: (first: Found) => void },
): Promise<Found & { changes: LoggedChange[] }> {
  const first = await findChanges(db, { after, limit: CHANGES_AT_ONCE })
  check?.(first)
  const changes = [...first.changes]
  for (let cursor = first.next; cursor; ) {
    const page = { to: first.to, cursor }
    const more = await findChanges(db, { after, page, limit: CHANGES_AT_ONCE })
    changes.push(...more.changes)
    cursor = more.next
  }
  return { ...first, changes }
}
