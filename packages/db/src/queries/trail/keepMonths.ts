import type { Database } from "../../database.ts"
import { dropMonth, findMonths, makeMonth, type Partition, type TableByMonth } from "./months.ts"

/** For how many months ahead the sweeper creates partitions. */
const MONTHS_AHEAD = 2

/**
 * Drops the partitions of a table whose rows are all older than `days`, and creates those that it will need. Each
 * failure is reported, and prevents nothing else: rows without a partition for their month are stored all the same.
 *
 * @returns where old rows must be deleted one by one: the partitions that span more than a month, or the whole table
 *   if this role may not drop them.
 */
export async function keepMonths(
  db: Database,
  {
    table,
    days,
    ahead = MONTHS_AHEAD,
    onError,
  }: { table: TableByMonth; days: number; ahead?: number; onError: (error: unknown) => void },
): Promise<{ partition?: string }[]> {
  const { isOwned, partitions, missing } = await findMonths(db, { table, days, ahead })
  if (!isOwned) return [{}]
  const over = ({ isOver }: Partition) => isOver
  for (const { name } of partitions.filter(over)) await dropMonth(db, { name }).catch(onError)
  for (const month of missing) await makeMonth(db, { table, month }).catch(onError)
  return partitions
    .filter(({ isMonth, isOver }) => !isMonth && !isOver)
    .map(({ name }) => ({ partition: name }))
}
