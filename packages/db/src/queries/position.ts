import { type SQL, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"

/** The last row of a page, after which the next page begins. */
export interface Position {
  id: string
  createdAt: Date
}

interface Listed {
  id: PgColumn
  createdAt: PgColumn | SQL
}

/**
 * Newest first, and by id within a millisecond. "Nulls last" is the order of the schema's indexes: without it
 * PostgreSQL could not read a page from them, although there are no nulls.
 */
export const newestFirst = ({ id, createdAt }: Listed) => [
  sql`${createdAt} desc nulls last`,
  sql`${id} desc nulls last`,
]

/** Matches the rows after a position in that order, or all rows if there is no position. */
export const isAfter = ({ id, createdAt }: Listed, after: Position | null): SQL | undefined =>
  after
    ? sql`(${createdAt}, ${id}) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`
    : undefined

/** Matches the rows up to and including a position, or all rows if there is no position. */
export const isUpTo = ({ id, createdAt }: Listed, end: Position | null): SQL | undefined =>
  end
    ? sql`(${createdAt}, ${id}) >= (${end.createdAt.toISOString()}::timestamptz, ${end.id}::uuid)`
    : undefined
