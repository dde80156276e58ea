import { expect, test } from "vitest"
import { createKeyring } from "./keyring.ts"

const [one, two] = ["1".repeat(32), "2".repeat(32)]

test("knows its secrets by fingerprint, and no others", () => {
  const keyring = createKeyring({ current: one, previous: [two] })
  const other = createKeyring({ current: two })

  expect(keyring.find(other.current.id)).toEqual(other.current)
  expect(keyring.find(keyring.current.id)).toBe(keyring.current)
  expect(other.find(keyring.current.id)).toBeUndefined()
})

test("no key of a secret gives away another", () => {
  const { id, receiptKey, accessTokenKey, throttleKey } = createKeyring({ current: one }).current
  const keys = [receiptKey, accessTokenKey, throttleKey].map((key) => key.export().toString("hex"))
  expect(new Set([id, ...keys]).size).toBe(4)
})

test("a secret listed as current and as previous is current", () => {
  const keyring = createKeyring({ current: one, previous: [one] })
  expect(keyring.find(keyring.current.id)).toBe(keyring.current)
})
