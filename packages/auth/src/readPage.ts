import type { Position } from "@latchkey/db"
import { decodeCursor, encodeCursor } from "./cursor.ts"
import { AuthError } from "./errors.ts"

export interface PageInput {
  /** The `nextCursor` of an earlier page, or null for the first page. */
  cursor: string | null
  limit: number
}

export interface Page<Item> {
  items: Item[]
  /** Null on the last page. */
  nextCursor: string | null
}

/**
 * Reads one page of a list, and one more row to know whether another page follows.
 *
 * @param positionOf the position of a row in the list, if it is not the time of its creation.
 * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
 */
export async function readPage<Row extends Position>(
  { cursor, limit }: PageInput,
  read: (part: { after: Position | null; limit: number }) => Promise<Row[]>,
  positionOf: (row: Row) => Position = (row) => row,
): Promise<Page<Row>> {
  const after = cursor === null ? null : decodeCursor(cursor)
  if (cursor !== null && !after) {
    throw new AuthError("INVALID_INPUT", "cursor must be the nextCursor of an earlier page", {
      field: "cursor",
    })
  }
  const rows = await read({ after, limit: limit + 1 })
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(positionOf(last)) : null }
}
