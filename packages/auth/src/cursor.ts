import type { Position } from "@latchkey/db"
import { isUuid } from "./isUuid.ts"

/** Encodes a position as an opaque cursor for clients. */
export const encodeCursor = ({ id, createdAt }: Position) =>
  Buffer.from(`${createdAt.getTime()}.${id}`).toString("base64url")

/** Decodes a cursor. Returns null if it is invalid. */
export function decodeCursor(cursor: string): Position | null {
  const [time = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(".")
  if (!/^\d{1,14}$/.test(time) || !isUuid(id)) return null
  const position = { id, createdAt: new Date(Number(time)) }
  return encodeCursor(position) === cursor ? position : null
}
