import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto"

/** The keys derived from one server secret, one for each purpose. */
export interface SecretKeys {
  /** A public fingerprint of the secret. */
  id: string
  /** Computes the HMAC of a receipt. */
  receiptMac: (message: string) => Buffer
  accessTokenKey: KeyObject
  ownerTokenKey: KeyObject
  refreshTokenKey: KeyObject
  throttleKey: KeyObject
  /** Encrypts the secrets of authenticator apps. */
  totpKey: KeyObject
  /** Signs the lines of the restore log. */
  restoreLogKey: KeyObject
}

/** The server secrets: the current one signs, all of them verify. */
export interface Keyring {
  current: SecretKeys
  /** The keys of the previous secrets. */
  previous: readonly SecretKeys[]
  find(id: string): SecretKeys | undefined
}

/**
 * Derives the keys of the server secrets by HKDF-SHA-256 (RFC 5869), with one `info` per purpose, so that a key for one
 * purpose reveals nothing about the others.
 */
export function createKeyring(secrets: { current: string; previous?: readonly string[] }): Keyring {
  const current = deriveKeys(secrets.current)
  const previous = (secrets.previous ?? []).map(deriveKeys)
  const byId = new Map([...previous, current].map((keys) => [keys.id, keys]))
  return { current, previous, find: (id) => byId.get(id) }
}

function deriveKeys(secret: string): SecretKeys {
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync("sha256", secret, "", info, bytes))
  return {
    id: derive("latchkey/secret-id/v1", 8).toString("hex"),
    receiptMac: createReceiptMac(createSecretKey(derive("latchkey/receipt/v1", 32))),
    accessTokenKey: createSecretKey(derive("latchkey/access-token/v1", 32)),
    ownerTokenKey: createSecretKey(derive("latchkey/owner-token/v1", 32)),
    refreshTokenKey: createSecretKey(derive("latchkey/refresh-token/v1", 32)),
    throttleKey: createSecretKey(derive("latchkey/throttle/v1", 32)),
    totpKey: createSecretKey(derive("latchkey/totp/v1", 32)),
    restoreLogKey: createSecretKey(derive("latchkey/restore-log/v1", 32)),
  }
}

/**
 * HMAC-SHA-256 (RFC 2104) of messages in which each character is one byte. The digest comes as text, because a buffer from
 * OpenSSL has memory of its own, which costs a sixth more.
 */
const createReceiptMac = (key: KeyObject) => (message: string) =>
  Buffer.from(createHmac("sha256", key).update(message, "binary").digest("binary"), "binary")
