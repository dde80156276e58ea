import { randomBytes, randomUUID } from "node:crypto"
import type { VerifiableApiKey } from "@latchkey/db"
import { describe, expect, test } from "vitest"
import { newSecret } from "../../../test/createTestAuth.ts"
import { createKeyring } from "../../crypto/keyring.ts"
import { checkReceipt, createReceiptMemory, makeReceipt } from "./receipt.ts"

const secret = newSecret()
const keyring = createKeyring({ current: secret })
const apiKey = randomBytes(32).toString("hex")
const id = randomUUID()
const owner = {
  ...{ id, issuer: "latchkey", subject: id, email: "ada@example.com" },
  ...{ role: "user" as const, createdAt: new Date() },
}
const subject = { id: randomUUID(), ownerId: owner.id, keyHash: "a hash", apiKey }
const row: VerifiableApiKey = {
  id: subject.id,
  lookupId: apiKey.slice(0, 16),
  keyHash: subject.keyHash,
  receipt: makeReceipt(keyring.current, subject),
  receiptSecretId: keyring.current.id,
  owner,
  prefix: null,
  label: "nightly import",
  scopes: null,
  allowedIps: null,
  rateLimit: null,
  rateWindow: null,
  counterId: null,
  windowStart: null,
  windowCalls: null,
  readAt: 0,
  checks: [],
  metadata: null,
  createdAt: new Date(),
  expiresAt: null,
  ended: null,
}

const CHECKS = {
  "a check": checkReceipt,
  "a check from memory, after the key has matched": (
    ...[ring, changed, presented]: Parameters<typeof checkReceipt>
  ) => {
    const check = createReceiptMemory(ring)
    check(row, apiKey)
    return check(changed, presented)
  },
}

describe.each(Object.entries(CHECKS))("%s", (_, check) => {
  test("a receipt matches its key", () => {
    expect(check(keyring, row, apiKey)).toBe("match")
  })

  test.each([
    ["another key with the same lookup id", row, apiKey.slice(0, 63) + (apiKey.endsWith("0") ? "1" : "0")],
    ["another row", { ...row, id: randomUUID() }, apiKey],
    ["another owner", { ...row, owner: { ...owner, id: randomUUID() } }, apiKey],
    ["another hash", { ...row, keyHash: "another hash" }, apiKey],
  ])("a receipt does not match %s", (_, changed, presented) => {
    expect(check(keyring, changed, presented)).toBe("mismatch")
  })

  test.each([
    ["missing", { receipt: null, receiptSecretId: null }],
    ["of the wrong length", { receipt: randomBytes(31) }],
    ["empty", { receipt: new Uint8Array() }],
    ["of an unknown secret", { receiptSecretId: "0123456789abcdef" }],
  ])("a receipt that is %s is ignored", (_, change) => {
    expect(check(keyring, { ...row, ...change }, apiKey)).toBe("none")
  })

  test("a receipt under a previous secret is stale, and does not match under the current one", () => {
    const rotated = createKeyring({ current: newSecret(), previous: [secret] })
    expect(check(rotated, row, apiKey)).toBe("stale")
    expect(check(rotated, { ...row, receiptSecretId: rotated.current.id }, apiKey)).toBe("mismatch")
  })
})

test("a key that has matched once matches again, in the same row only", () => {
  const check = createReceiptMemory(keyring)
  const kept = { ...row }
  expect([check(kept, apiKey), check(kept, apiKey), check(kept, `${apiKey.slice(1)}0`)]).toEqual([
    "match",
    "match",
    "mismatch",
  ])
  expect(check({ ...kept, receipt: randomBytes(32) }, apiKey)).toBe("mismatch")
})
