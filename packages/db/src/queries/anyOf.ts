import { type SQL, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"

/**
 * `column = any(values)` with one parameter for all values, made by `joinIds`, so that the text of the statement
 * never changes.
 */
export function anyOf(column: PgColumn, joinedIds: unknown): SQL {
  return sql`${column} = any(string_to_array(${joinedIds}, ',')::${sql.raw(column.getSQLType())}[])`
}

/** The values must not contain commas: hex or UUIDs. */
export const joinIds = (ids: readonly string[]) => ids.join(",")
