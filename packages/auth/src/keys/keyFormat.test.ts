import { expect, test } from "vitest"
import { formatKey, isKeyPrefix, parseKey } from "./keyFormat.ts"

const key = "0123456789abcdef".repeat(4)

test("a key without a prefix is its 64 characters", () => {
  expect(formatKey({ prefix: null, key })).toBe(key)
  expect(parseKey(key)).toEqual({ prefix: null, key })
})

test("a key with a prefix ends with the CRC-32 of everything before it", () => {
  // Computed by Python's zlib.crc32.
  const text = `acme_${key}072b2340`
  expect(formatKey({ prefix: "acme", key })).toBe(text)
  expect(parseKey(text)).toEqual({ prefix: "acme", key })
})

test("a checksum is padded to 8 characters", () => {
  const short = Array.from({ length: 5_000 }, (_, n) =>
    formatKey({ prefix: "ab", key: n.toString(16).padStart(64, "0") }),
  )
  expect(new Set(short.map((text) => text.length))).toEqual(new Set([2 + 1 + 72]))
  expect(short.some((text) => text.at(-8) === "0")).toBe(true)
})

test.each([
  ["no key", ""],
  ["63 characters", key.slice(1)],
  ["65 characters", `${key}0`],
  ["capitals", key.toUpperCase()],
  ["a line break", `${key}\n`],
  ["a prefix without a checksum", `acme_${key}`],
  ["a checksum without a prefix", `${key}00000000`],
  ["an empty prefix", `_${key}00000000`],
])("%s is not the form of a key", (_, text) => {
  expect(parseKey(text)).toBeNull()
})

test("a typo anywhere is detected", () => {
  const text = formatKey({ prefix: "acme", key })
  for (let at = 0; at < text.length; at++) {
    const typo = text[at] === "0" ? "1" : "0"
    expect(parseKey(text.slice(0, at) + typo + text.slice(at + 1))).toBeNull()
  }
})

test.each([["ab"], ["acme"], ["acme_live"], ["_a"], ["a".repeat(20)], ["00"]])("%s is a prefix", (prefix) => {
  expect(isKeyPrefix(prefix)).toBe(true)
  expect(parseKey(formatKey({ prefix, key }))).toEqual({ prefix, key })
})

test.each([[""], ["a"], ["acme_"], ["Acme"], ["a-b"], ["a".repeat(21)], ["é1"]])(
  "%j is no prefix",
  (prefix) => {
    expect(isKeyPrefix(prefix)).toBe(false)
    expect(parseKey(formatKey({ prefix, key }))).toBeNull()
  },
)
