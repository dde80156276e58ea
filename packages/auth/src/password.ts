import { createHmac } from "node:crypto"
import type { BcryptQueue } from "./bcryptQueue.ts"
import { isCommonPassword } from "./isCommonPassword.ts"

const MIN_BYTES = 12
const MIN_CHARACTERS = 8
const MAX_BYTES = 1024

/**
 * What is wrong with a new password, or null. Bytes are of its UTF-8, in which three characters can have twelve. ASVS
 * 5.0, 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11.
 */
export function passwordProblem(password: string): string | null {
  if (!password.isWellFormed()) return "must be valid Unicode"
  const bytes = Buffer.byteLength(password)
  if (bytes < MIN_BYTES) return `must have at least ${MIN_BYTES} bytes`
  if (bytes > MAX_BYTES) return `must have at most ${MAX_BYTES} bytes`
  if ([...password].length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters`
  if (isCommonPassword(password)) return "is among the most common passwords"
  return null
}

export const hashPassword = (bcrypt: BcryptQueue, password: string) => bcrypt.hash(condense(password))

export const comparePassword = (bcrypt: BcryptQueue, password: string, passwordHash: string) =>
  // UTF-8 has no lone surrogates; they would count as the replacement character.
  bcrypt.compare(password.isWellFormed() ? condense(password) : "", passwordHash)

/**
 * bcrypt stops at 72 bytes and at a NUL, so it is given a digest of all of them instead: HMAC-SHA-256 in
 * base64url, 43 characters. It is keyed, with a key that is no secret, because plain SHA-256 digests of passwords
 * have leaked elsewhere and could be tried against our hashes without knowing the passwords.
 */
function condense(password: string) {
  return createHmac("sha256", "latchkey/password/v1").update(password, "utf8").digest("base64url")
}
