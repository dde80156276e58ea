import { hash, timingSafeEqual } from "node:crypto"
import type { ActiveApiKey } from "@latchkey/db"
import type { Keyring, SecretKeys } from "../crypto/keyring.ts"

/** What a receipt proves: bcrypt once matched this key with this hash, for this row and owner. */
export interface ReceiptSubject {
  id: string
  userId: string
  keyHash: string
  apiKey: string
}

/** A keyed digest that represents a successful bcrypt. It can't be forged with the database alone. */
export function makeReceipt(keys: SecretKeys, { id, userId, keyHash, apiKey }: ReceiptSubject): Buffer {
  // Every part has a fixed length, so no two subjects have the same message.
  return keys.receiptMac(`latchkey/receipt/v1${id}${userId}${hash("sha256", keyHash, "binary")}${apiKey}`)
}

/** `stale`: it matches under a previous secret. `none`: there is no usable receipt. */
export type ReceiptVerdict = "match" | "stale" | "mismatch" | "none"

/** Compares a row's receipt with a key in constant time. */
export function checkReceipt(keyring: Keyring, row: ActiveApiKey, apiKey: string): ReceiptVerdict {
  const keys = row.receiptSecretId === null ? undefined : keyring.find(row.receiptSecretId)
  if (!keys || row.receipt?.length !== 32) return "none"
  const expected = makeReceipt(keys, { id: row.id, userId: row.user.id, keyHash: row.keyHash, apiKey })
  if (!timingSafeEqual(expected, row.receipt)) return "mismatch"
  return keys === keyring.current ? "match" : "stale"
}
