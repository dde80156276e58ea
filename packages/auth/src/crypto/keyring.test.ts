import { createHmac } from "node:crypto"
import { expect, test } from "vitest"
import { createKeyring } from "./keyring.ts"

const [one, two] = ["1".repeat(32), "2".repeat(32)]

test("finds its own secrets by fingerprint, and no others", () => {
  const keyring = createKeyring({ current: one, previous: [two] })
  const other = createKeyring({ current: two })

  expect(keyring.find(other.current.id)?.receiptMac("text")).toEqual(other.current.receiptMac("text"))
  expect(keyring.find(keyring.current.id)).toBe(keyring.current)
  expect(other.find(keyring.current.id)).toBeUndefined()
})

test("the keys derived from a secret all differ", () => {
  const { id, receiptMac, ...keys } = createKeyring({ current: one }).current
  const macs = [keys.accessTokenKey, keys.refreshTokenKey, keys.throttleKey].map((key) =>
    createHmac("sha256", key).update("text"),
  )
  const digests = [receiptMac("text"), ...macs.map((mac) => mac.digest())].map((mac) => mac.toString("hex"))
  expect(new Set([id, ...digests]).size).toBe(5)
})

test("a secret that is both current and previous counts as current", () => {
  const keyring = createKeyring({ current: one, previous: [one] })
  expect(keyring.find(keyring.current.id)).toBe(keyring.current)
})
