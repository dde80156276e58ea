import { type SQL, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"

/**
 * `column = any(values)` with one parameter however many values there are, so that the statement's text never
 * changes. The values must hold no comma: hex or UUIDs.
 */
export function anyOf(column: PgColumn, values: readonly string[]): SQL {
  return sql`${column} = any(string_to_array(${values.join(",")}, ',')::${sql.raw(column.getSQLType())}[])`
}
