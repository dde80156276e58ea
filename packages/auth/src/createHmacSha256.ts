import { hash } from "node:crypto"

const BLOCK_BYTES = 64

/**
 * HMAC-SHA-256 (RFC 2104) under one key, for messages in which each character stands for a byte. It is in the way
 * of every call by key, and an `Hmac` of node:crypto takes more than twice the time, most of it for making objects.
 *
 * @param key at most 64 bytes.
 */
export function createHmacSha256(key: Uint8Array): (message: string) => Buffer {
  if (key.length > BLOCK_BYTES) throw new RangeError("the key is longer than a block")
  const pad = (byte: number) =>
    Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, index) => byte ^ (key[index] ?? 0))).toString(
      "binary",
    )
  const [innerPad, outerPad] = [pad(0x36), pad(0x5c)]
  const sha256 = (bytes: string) => hash("sha256", Buffer.from(bytes, "binary"), "binary")
  return (message) => Buffer.from(sha256(outerPad + sha256(innerPad + message)), "binary")
}
