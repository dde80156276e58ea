import { expect, test } from "vitest"
import { normalizeEmail, normalizeEmailPrefix, normalizeKnownEmail } from "./email.ts"

const long = (length: number) => "x".repeat(length)

test.each([
  ["Ada@Example.COM", "ada@example.com"],
  ["user@example.xn--p1ai", "user@example.xn--p1ai"],
  ["user@XN--80A1ACNY.xn--p1ai", "user@xn--80a1acny.xn--p1ai"],
  ["user@почта.рф", "user@xn--80a1acny.xn--p1ai"],
  ["user@ПОЧТА。РФ", "user@xn--80a1acny.xn--p1ai"],
  ["user@bücher.example", "user@xn--bcher-kva.example"],
  ["root@localhost", "root@localhost"],
  [".dots..are.fine.@example.com", ".dots..are.fine.@example.com"],
  ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
  ["x@1.2", "x@1.2"],
  [`${long(64)}@example.com`, `${long(64)}@example.com`],
  [`x@${long(63)}.com`, `x@${long(63)}.com`],
])("%s is normalized to %s", (text, email) => {
  expect(normalizeEmail(text)).toBe(email)
  expect(normalizeKnownEmail(text)).toBe(email)
  expect(normalizeEmail(email)).toBe(email)
})

test.each([
  "",
  "ada",
  "@example.com",
  "ada@",
  "a b@example.com",
  '"quoted"@example.com',
  "ada@example.com.",
  "ada@-example.com",
  "ada@exa_mple.com",
  "ada@[127.0.0.1]",
  "bücher@example.com",
  "a@b@example.com",
  "ada@é.com/evil",
  "ada@é.com:80",
  "ada@é.com?x",
  "ada@é%41.com",
  "ada@é／x.com",
  "ada@é.com\n",
  "ada@example.com\n",
  "ada@é..com",
  "ada@\ud800.com",
  `${long(65)}@example.com`,
  `x@${long(64)}.com`,
  `x@${"é".repeat(64)}.com`,
  `x@${`${long(61)}.`.repeat(4)}example`,
])("%j is not an email", (text) => {
  expect(normalizeEmail(text)).toBeNull()
})

test.each([`${long(200)}@example.com`, "Ada@a-.example.com", `ada@${long(70)}.com`])(
  "%s is accepted for an existing account but not for a new one",
  (text) => {
    expect(normalizeEmail(text)).toBeNull()
    expect(normalizeKnownEmail(text)).toBe(text.toLowerCase())
  },
)

test("a search prefix has its domain in ASCII, like the stored emails", () => {
  expect(normalizeEmailPrefix("Ada@почта.рф")).toBe("ada@xn--80a1acny.xn--p1ai")
  expect(normalizeEmailPrefix("Ada")).toBe("ada")
  expect(normalizeEmailPrefix("Ünal@")).toBe("ünal@")
})
