import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { decodeCursor, encodeCursor } from "./cursor.ts"

test("a cursor decodes to its position", () => {
  const position = { id: randomUUID(), createdAt: new Date() }
  expect(decodeCursor(encodeCursor(position))).toEqual(position)
})

test.each(["", "x", "MTIz", `${encodeCursor({ id: randomUUID(), createdAt: new Date() })}=`, "\0", "é"])(
  "%j is not a cursor",
  (text) => {
    expect(decodeCursor(text)).toBeNull()
  },
)
