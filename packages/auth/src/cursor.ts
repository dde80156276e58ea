import { isUuid } from "./isUuid.ts"

/** Where a page of a list ended. */
export interface Position {
  id: string
  createdAt: Date
}

/** A position as text that clients hand back as it is. */
export const encodeCursor = ({ id, createdAt }: Position) =>
  Buffer.from(`${createdAt.getTime()}.${id}`).toString("base64url")

/** The position that a cursor stands for, or null. */
export function decodeCursor(cursor: string): Position | null {
  const [time = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(".")
  if (!/^\d{1,14}$/.test(time) || !isUuid(id)) return null
  const position = { id, createdAt: new Date(Number(time)) }
  return encodeCursor(position) === cursor ? position : null
}
