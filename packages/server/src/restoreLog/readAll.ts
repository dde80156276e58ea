import { type Database, findChanges, type LoggedChange } from "@latchkey/db"

/** How many changes one statement reads or applies. */
export const CHANGES_AT_ONCE = 5_000

type Found = Awaited<ReturnType<typeof findChanges>>

/** Reads the changes after a position, in several statements if there are many. The first one decides where they end. */
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
