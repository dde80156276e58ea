import { expect, test } from "vitest"
import { isApiKey } from "./apiKeyFormat.ts"

const key = "0123456789abcdef".repeat(4)

test("64 lowercase hex characters have the form of a key", () => {
  expect(isApiKey(key)).toBe(true)
})

test.each([
  ["nothing", ""],
  ["one short", key.slice(1)],
  ["one long", `${key}0`],
  ["capitals", key.toUpperCase()],
  ["a line break at the end", `${key}\n`],
  ["two lines", `${key}\n${key}`],
  ["spaces around it", ` ${key} `],
  ["an access token", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"],
])("%s has not", (_, text) => {
  expect(isApiKey(text)).toBe(false)
})
