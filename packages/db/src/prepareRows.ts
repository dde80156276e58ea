import type { Database } from "./database.ts"

/** A select that Drizzle has built. */
interface Select extends PromiseLike<unknown[]> {
  toSQL(): { sql: string; params: unknown[] }
}

/**
 * Prepares a select like Drizzle's own `prepare`, for a read so frequent that converting its rows matters: for each
 * value of each row, Drizzle looks up the conversion again.
 *
 * @param options.toRow converts the values of a row, in the order in which they are selected.
 */
export function prepareRows<Row>(
  db: Database,
  { select, name, toRow }: { select: Select; name: string; toRow: (values: readonly unknown[]) => Row },
): { execute(parameters: Record<string, unknown>): Promise<Row[]> } {
  return db._.session.prepareQuery<{ execute: Row[]; all: unknown; values: unknown }>(
    select.toSQL(),
    undefined,
    name,
    true,
    (rows) => rows.map(toRow),
  )
}
