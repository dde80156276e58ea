import { desc, type SQL, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"

/** Where a page of a list ended. */
export interface Position {
  id: string
  createdAt: Date
}

interface Listed {
  id: PgColumn
  createdAt: PgColumn
}

/** Newest first; rows of the same millisecond by their ids. */
export const newestFirst = ({ id, createdAt }: Listed) => [desc(createdAt), desc(id)]

/** The rows that come after a position in that order; all rows without one. */
export const isAfter = ({ id, createdAt }: Listed, after: Position | null): SQL | undefined =>
  after
    ? sql`(${createdAt}, ${id}) < (${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`
    : undefined
