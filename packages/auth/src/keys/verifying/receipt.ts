import { hash, timingSafeEqual } from "node:crypto"
import type { VerifiableApiKey } from "@latchkey/db"
import type { Keyring, SecretKeys } from "../../crypto/keyring.ts"

/** The statement that a receipt proves: bcrypt once matched this key with this hash, for this row and owner. */
export interface ReceiptSubject {
  id: string
  ownerId: string
  keyHash: string
  apiKey: string
}

/** A keyed digest that represents a successful bcrypt. It can't be forged with the database alone. */
export function makeReceipt(keys: SecretKeys, { id, ownerId, keyHash, apiKey }: ReceiptSubject): Buffer {
  // Every part has a fixed length, so no two subjects have the same message.
  return keys.receiptMac(`latchkey/receipt/v1${id}${ownerId}${hash("sha256", keyHash, "binary")}${apiKey}`)
}

/** `stale`: it matches under a previous secret. `none`: there is no usable receipt. */
export type ReceiptVerdict = "match" | "stale" | "mismatch" | "none"

/** Compares a row's receipt with a key in constant time. */
export function checkReceipt(keyring: Keyring, row: VerifiableApiKey, apiKey: string): ReceiptVerdict {
  const keys = row.receiptSecretId === null ? undefined : keyring.find(row.receiptSecretId)
  if (!keys || row.receipt?.length !== 32) return "none"
  const expected = makeReceipt(keys, { id: row.id, ownerId: row.owner.id, keyHash: row.keyHash, apiKey })
  if (!timingSafeEqual(expected, row.receipt)) return "mismatch"
  return keys === keyring.current ? "match" : "stale"
}

/**
 * Checks receipts of rows that stay in memory. For each row, it remembers the SHA-256 digest of the key that has matched
 * the receipt, which takes a fraction of the HMAC's time to compare. Like a receipt, that is no verdict but a cached result
 * of a pure function: another row, even of the same key, is checked from the beginning. A key has 192 random bits, so
 * its digest needs no salt.
 */
export function createReceiptMemory(keyring: Keyring) {
  const digests = new WeakMap<VerifiableApiKey, Buffer>()
  return (row: VerifiableApiKey, apiKey: string): ReceiptVerdict => {
    const digest = hash("sha256", apiKey, "buffer")
    const known = digests.get(row)
    if (known && timingSafeEqual(known, digest)) return "match"
    const verdict = checkReceipt(keyring, row, apiKey)
    if (verdict === "match") digests.set(row, digest)
    return verdict
  }
}
