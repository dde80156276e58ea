import { type SQL, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"

/** The end of a page of a list. */
export interface Position {
  id: string
  createdAt: Date
}

interface Listed {
  id: PgColumn
  createdAt: PgColumn
}

/**
 * Newest first; rows of the same millisecond by their ids. "Nulls last" is how the schema's indexes are ordered:
 * without it PostgreSQL could not read a page off them, though there are no nulls.
 */
export const newestFirst = ({ id, createdAt }: Listed) => [
  sql`${createdAt} desc nulls last`,
  sql`${id} desc nulls last`,
]

/** Matches the rows after a position in that order, or all rows without a position. */
export const isAfter = ({ id, createdAt }: Listed, after: Position | null): SQL | undefined =>
  after
    ? sql`(${createdAt}, ${id}) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`
    : undefined
