import { createHmac } from "node:crypto"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import { AuthError } from "../errors.ts"
import { isCommonPassword } from "./isCommonPassword.ts"

const MIN_BYTES = 12
const MIN_CHARACTERS = 8
const MAX_BYTES = 1024

/** Decomposing a text makes its UTF-8 at most three times as long (UAX #15, section 9). */
const MAX_TYPED_BYTES = 3 * MAX_BYTES

/**
 * Why a new password is rejected, or null if it is accepted. Lengths are those of its NFC form, which is what is
 * hashed. A minimum of bytes is not enough: three characters can have twelve bytes in UTF-8. ASVS 5.0, 6.2.1,
 * 6.2.4, 6.2.5, 6.2.9, 6.2.11.
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

/** @throws {AuthError} `INVALID_INPUT` that names the field, for a new password that is rejected. */
export function refuseWeak(field: string, password: string) {
  const problem = passwordProblem(password)
  if (problem) throw new AuthError("INVALID_INPUT", `${field} ${problem}`, { field })
}

export const hashPassword = (bcrypt: BcryptQueue, password: string) =>
  bcrypt.hash(prehash(normalize(password)))

/** `outdated`: the password matches, but should be hashed again. */
export type PasswordMatch = "current" | "outdated" | "none"

/**
 * Compares a password in its NFC form and, if that differs, also as typed, which is what earlier versions hashed.
 * Whether a mismatch takes one bcrypt or two depends only on the password, so the time reveals nothing about the hash.
 */
export async function comparePassword(
  bcrypt: BcryptQueue,
  password: string,
  passwordHash: string,
): Promise<PasswordMatch> {
  // No account has such a password. In UTF-8, a lone surrogate would become the replacement character.
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
 * NFC, as RFC 8265, section 4.2, requires for passwords: keyboards and systems differ in whether "é" is one character
 * or two. NFKC would also make different passwords equal.
 */
const normalize = (password: string) => password.normalize("NFC")

/**
 * bcrypt ignores everything after 72 bytes or a NUL, so it gets a digest of the whole password: HMAC-SHA-256 in
 * base64url, 43 characters. The HMAC's key is public. It exists because plain SHA-256 digests of passwords have
 * leaked elsewhere, and attackers could otherwise try them against these hashes without knowing the passwords.
 */
function prehash(password: string) {
  return createHmac("sha256", "latchkey/password/v1").update(password, "utf8").digest("base64url")
}
