import { dictionary } from "@zxcvbn-ts/language-common"
import fc from "fast-check"
import { expect, test } from "vitest"
import { isCommonPassword } from "./isCommonPassword.ts"

test.each([
  "123456789012",
  "098765432109",
  "password1234",
  "Password123!",
  "PASSWORD2026!!",
  "qwertyuiop12",
  "1q2w3e4r5t6y",
  "1Q2W3E4R5T6Y",
  "aaaaaaaaaaaa",
  "abcabcabcabc",
  "passwordpassword",
  "sonyericsson",
  "margarita2026!",
  "Latchkey2026!",
  "latch-key_2026",
  "latchkeylatchkey",
  "My API key 1",
  "administrator",
])("%s is common", (password) => {
  expect(isCommonPassword(password)).toBe(true)
})

test.each([
  "correct horse battery staple",
  "a-long-enough-password",
  "the latchkey is under the mat",
  "tR5!kd9#mPq2",
  "917364550281",
  "9173-dog-6455!",
  "пароль-из-головы",
])("%s is not common", (password) => {
  expect(isCommonPassword(password)).toBe(false)
})

const ASCENDING = "01234567890123456789012345678901234567890"

const COMMON = new Set<string>(dictionary["passwords-common"])

/** The same rule as regular expressions, which are easier to read but take quadratic time. */
function isCommonByRegExp(password: string): boolean {
  const pieceOf = (text: string) => /^(.+?)\1+$/su.exec(text)?.[1] ?? text
  const text = password.toLowerCase()
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")
  const piece = pieceOf(text)
  return (
    COMMON.has(text) ||
    (COMMON.has(core) && core.length >= text.length / 2) ||
    /^(latchkey|apikeys?|myapikey|administrator)$/.test(pieceOf(text.replace(/[^\p{L}]+/gu, ""))) ||
    COMMON.has(piece) ||
    (piece !== text && piece.length <= 4) ||
    ASCENDING.includes(text) ||
    [...ASCENDING].reverse().join("").includes(text)
  )
}

test("any text gets the same answer as from the regular expressions", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "password",
      "Dragon",
      "latchkey",
      "API key",
      "12",
      "!",
      "é",
      "Ş",
      "🔑",
      "ab",
      "0123",
      "İ",
    ),
    fc.string({ unit: "grapheme", maxLength: 3 }),
  )
  const text = fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 4 }))
    .map(([words, times]) => words.join("").repeat(times))
  fc.assert(
    fc.property(text, (text) => {
      expect(isCommonPassword(text)).toBe(isCommonByRegExp(text))
    }),
    { numRuns: 2_000 },
  )
})

// Time that grows with the square of the length would exceed the test's timeout.
test.each([
  `a${"1".repeat(999_998)}b`,
  "1".repeat(999_999).concat("x"),
  `${"a".repeat(499_999)}b${"a".repeat(499_999)}c`,
  "ab".repeat(499_999).concat("cd"),
])("%#: a hostile text of a million characters is checked in linear time", (text) => {
  expect(isCommonPassword(text)).toBe(false)
})
