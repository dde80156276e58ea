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

/** A part of a list. */
interface Part<Row> {
  rows: Row[]
  /** Where reading ended before there were enough rows; null at the end of the list. */
  end: Position | null
}

/**
 * Reads one page of a list, and one more row to know whether another page follows.
 *
 * @param positionOf the position of a row in the list, if it is not the time of its creation.
 * @throws {AuthError} `INVALID_INPUT` for an invalid cursor.
 */
export const readPage = <Row extends Position>(
  input: PageInput,
  read: (part: { after: Position | null; limit: number }) => Promise<Row[]>,
  positionOf?: (row: Row) => Position,
): Promise<Page<Row>> =>
  readBoundedPage(input, async (part) => ({ rows: await read(part), end: null }), positionOf)

/** The same for a list that is read only in part. A page may then have fewer items than its limit, and others follow it. */
export async function readBoundedPage<Row extends Position>(
  { cursor, limit }: PageInput,
  read: (part: { after: Position | null; limit: number }) => Promise<Part<Row>>,
  positionOf: (row: Row) => Position = (row) => row,
): Promise<Page<Row>> {
  const after = cursor === null ? null : decodeCursor(cursor)
  if (cursor !== null && !after) {
    throw new AuthError("INVALID_INPUT", "cursor must be the nextCursor of an earlier page", {
      field: "cursor",
    })
  }
  const { rows, end } = await read({ after, limit: limit + 1 })
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const next = rows.length > limit && last ? positionOf(last) : end
  return { items, nextCursor: next && encodeCursor(next) }
}
