import { randomBytes, randomUUID } from "node:crypto"
import type { VerifiableApiKey } from "@latchkey/db"
import { expect, test } from "vitest"
import { newSecret } from "../../test/createTestAuth.ts"
import { createKeyring } from "../crypto/keyring.ts"
import { checkReceipt, makeReceipt } from "./receipt.ts"

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

test("a receipt matches its key", () => {
  expect(checkReceipt(keyring, row, apiKey)).toBe("match")
})

test.each([
  ["another key with the same lookup id", row, apiKey.slice(0, 63) + (apiKey.endsWith("0") ? "1" : "0")],
  ["another row", { ...row, id: randomUUID() }, apiKey],
  ["another owner", { ...row, owner: { ...owner, id: randomUUID() } }, apiKey],
  ["another hash", { ...row, keyHash: "another hash" }, apiKey],
])("a receipt does not match %s", (_, changed, presented) => {
  expect(checkReceipt(keyring, changed, presented)).toBe("mismatch")
})

test.each([
  ["missing", { receipt: null, receiptSecretId: null }],
  ["of the wrong length", { receipt: randomBytes(31) }],
  ["empty", { receipt: new Uint8Array() }],
  ["of an unknown secret", { receiptSecretId: "0123456789abcdef" }],
])("a receipt that is %s is ignored", (_, change) => {
  expect(checkReceipt(keyring, { ...row, ...change }, apiKey)).toBe("none")
})

test("a receipt under a previous secret is stale, and does not match under the current one", () => {
  const rotated = createKeyring({ current: newSecret(), previous: [secret] })
  expect(checkReceipt(rotated, row, apiKey)).toBe("stale")
  expect(checkReceipt(rotated, { ...row, receiptSecretId: rotated.current.id }, apiKey)).toBe("mismatch")
})
