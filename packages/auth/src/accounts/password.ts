import { createHmac } from "node:crypto"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import { isCommonPassword } from "./isCommonPassword.ts"

const MIN_BYTES = 12
const MIN_CHARACTERS = 8
const MAX_BYTES = 1024

/** Decomposing a text makes its UTF-8 at most three times as long (UAX #15, section 9). */
const MAX_TYPED_BYTES = 3 * MAX_BYTES

/**
 * What is wrong with a new password, or null. Lengths are those of its NFC form, which is what is hashed; bytes are of
 * its UTF-8, in which three characters can have twelve. ASVS 5.0, 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11.
 */
export function passwordProblem(password: string): string | null {
  if (!password.isWellFormed()) return "must be valid Unicode"
  const tooLong = `must have at most ${MAX_BYTES} bytes`
  if (Buffer.byteLength(password) > MAX_TYPED_BYTES) return tooLong
  const text = normalize(password)
  const bytes = Buffer.byteLength(text)
  if (bytes < MIN_BYTES) return `must have at least ${MIN_BYTES} bytes`
  if (bytes > MAX_BYTES) return tooLong
  if ([...text].length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters`
  if (isCommonPassword(text)) return "is among the most common passwords"
  return null
}

export const hashPassword = (bcrypt: BcryptQueue, password: string) =>
  bcrypt.hash(prehash(normalize(password)))

/** `outdated`: it matches, and the hash should be replaced by a new one of the same password. */
export type PasswordMatch = "current" | "outdated" | "none"

/**
 * Compares a password as `hashPassword` hashes it and, where that differs, as it was typed: hashes of earlier versions
 * are of that. How many bcrypts a mismatch takes, one or two, depends on the password alone and not on the hash.
 */
export async function comparePassword(
  bcrypt: BcryptQueue,
  password: string,
  passwordHash: string,
): Promise<PasswordMatch> {
  // Nobody's password. UTF-8 has no lone surrogates; they would count as the replacement character.
  if (!password.isWellFormed() || Buffer.byteLength(password) > MAX_TYPED_BYTES) {
    await bcrypt.compare("", passwordHash)
    return "none"
  }
  const text = normalize(password)
  if (await bcrypt.compare(prehash(text), passwordHash)) {
    return bcrypt.isOutdated(passwordHash) ? "outdated" : "current"
  }
  if (text === password) return "none"
  return (await bcrypt.compare(prehash(password), passwordHash)) ? "outdated" : "none"
}

/**
 * NFC, as RFC 8265, section 4.2, has it for passwords: keyboards and systems differ in whether "é" is one character or
 * two. Not NFKC, which would also make different passwords equal.
 */
const normalize = (password: string) => password.normalize("NFC")

/**
 * bcrypt stops at 72 bytes and at a NUL, so it is given a digest of all of them instead: HMAC-SHA-256 in
 * base64url, 43 characters. It is keyed, with a key that is no secret, because plain SHA-256 digests of passwords
 * have leaked elsewhere and could be tried against our hashes without knowing the passwords.
 */
function prehash(password: string) {
  return createHmac("sha256", "latchkey/password/v1").update(password, "utf8").digest("base64url")
}
