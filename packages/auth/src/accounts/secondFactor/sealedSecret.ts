import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import type { SealedSecret } from "@latchkey/db"
import type { Keyring } from "../../crypto/keyring.ts"

const ALGORITHM = "aes-256-gcm"
const IV_BYTES = 12
const TAG_BYTES = 16

/** Encrypts a TOTP secret for its user: in another user's row it can't be decrypted (ASVS 5.0, 11.3.2). */
export function sealSecret({ current }: Keyring, userId: string, secret: Uint8Array): SealedSecret {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, current.totpKey, iv).setAAD(Buffer.from(userId))
  const encrypted = Buffer.concat([cipher.update(secret), cipher.final()])
  return { sealedSecret: Buffer.concat([iv, cipher.getAuthTag(), encrypted]), secretId: current.id }
}

/**
 * Decrypts a TOTP secret.
 *
 * @returns null if its server secret is not configured any more, or if the secret was tampered with.
 */
export function openSecret(
  keyring: Keyring,
  userId: string,
  { sealedSecret, secretId }: SealedSecret,
): Buffer | null {
  const keys = keyring.find(secretId)
  if (!keys) return null
  const sealed = Buffer.from(sealedSecret)
  try {
    const decipher = createDecipheriv(ALGORITHM, keys.totpKey, sealed.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(userId))
      .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
  } catch {
    return null
  }
}
