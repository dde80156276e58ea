import { createHmac, randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { createHmacSha256 } from "./createHmacSha256.ts"

test.each([
  ["0b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    Buffer.from("Jefe").toString("hex"),
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
])("RFC 4231, sections 4.2 and 4.3: %s", (key, message, digest) => {
  expect(createHmacSha256(Buffer.from(key, "hex"))(message).toString("hex")).toBe(digest)
})

test("is what node:crypto makes of keys and messages of every length, whatever their bytes", () => {
  for (let length = 0; length <= 200; length++) {
    const key = randomBytes(length % 65)
    const message = randomBytes(length)
    expect(createHmacSha256(key)(message.toString("binary"))).toEqual(
      createHmac("sha256", key).update(message).digest(),
    )
  }
})

test("a key that would have to be shortened is refused", () => {
  expect(() => createHmacSha256(randomBytes(65))).toThrow(RangeError)
})
