import { expect, test } from "vitest"
import { isApiKey } from "./apiKeyFormat.ts"

const key = "0123456789abcdef".repeat(4)

test("64 lowercase hex characters are a well-formed key", () => {
  expect(isApiKey(key)).toBe(true)
})

test.each([
  ["an empty string", ""],
  ["63 characters", key.slice(1)],
  ["65 characters", `${key}0`],
  ["uppercase hex", key.toUpperCase()],
  ["a key with a trailing line break", `${key}\n`],
  ["two keys on two lines", `${key}\n${key}`],
  ["a key in spaces", ` ${key} `],
  ["an access token", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"],
])("%s is not a well-formed key", (_, text) => {
  expect(isApiKey(text)).toBe(false)
})
