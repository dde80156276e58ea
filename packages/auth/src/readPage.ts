import type { Position } from "@latchkey/db"
import { decodeCursor, encodeCursor } from "./cursor.ts"
import { AuthError } from "./errors.ts"

export interface PageInput {
  /** The `nextCursor` of an earlier page; null: from the beginning. */
  cursor: string | null
  limit: number
}

export interface Page<Item> {
  items: Item[]
  /** Null on the last page. */
  nextCursor: string | null
}

/**
 * One page of a list: asks for a row more than it shows, to know whether there is another page.
 *
 * @throws {AuthError} `INVALID_INPUT` for a cursor that is not ours.
 */
export async function readPage<Row extends Position>(
  { cursor, limit }: PageInput,
  read: (part: { after: Position | null; limit: number }) => Promise<Row[]>,
): Promise<Page<Row>> {
  const after = cursor === null ? null : decodeCursor(cursor)
  if (cursor !== null && !after) {
    throw new AuthError("INVALID_INPUT", "cursor must be a nextCursor of an earlier page", {
      field: "cursor",
    })
  }
  const rows = await read({ after, limit: limit + 1 })
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last) : null }
}
