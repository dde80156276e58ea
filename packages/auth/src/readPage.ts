import type { Position } from "@latchkey/db"
import { decodeCursor, encodeCursor } from "./cursor.ts"
import { AuthError } from "./errors.ts"

/**
 * One page of a list: reads a row more than it takes, to know whether there is another page.
 *
 * @throws {AuthError} `INVALID_INPUT` for a cursor that is not ours.
 */
export async function readPage<Row extends Position>(
  { cursor, limit }: { cursor: string | null; limit: number },
  read: (window: { after: Position | null; limit: number }) => Promise<Row[]>,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  const after = cursor === null ? null : decodeCursor(cursor)
  if (cursor !== null && !after) {
    throw new AuthError("INVALID_INPUT", "cursor must be a nextCursor of an earlier page", {
      field: "cursor",
    })
  }
  const found = await read({ after, limit: limit + 1 })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, nextCursor: found.length > limit && last ? encodeCursor(last) : null }
}
