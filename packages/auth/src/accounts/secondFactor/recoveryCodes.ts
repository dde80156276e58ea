import { createHash, randomBytes } from "node:crypto"

const CODES = 10
const CODE_BYTES = 15

/** Crockford's base32: no letters that look like digits or like each other. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

/**
 * Creates recovery codes such as `x4k2-9fqa-70hz-m3ce-v8rt-2bnd`, and the hashes to store. Plain SHA-256 is enough for
 * 120 random bits (ASVS 5.0, 6.5.2 and 6.5.3).
 */
export function createRecoveryCodes() {
  const codes = Array.from({ length: CODES }, createRecoveryCode)
  return { codes, codeHashes: codes.map(hashRecoveryCode) }
}

/** Hashes a recovery code as typed: in any case, with any separators, and with letters that look like digits. */
export function hashRecoveryCode(code: string): Buffer {
  const normalized = code.toLowerCase().replaceAll(/[\s-]/g, "").replaceAll("o", "0").replaceAll(/[il]/g, "1")
  return createHash("sha256").update(normalized).digest()
}

function createRecoveryCode(): string {
  const bits = BigInt(`0x${randomBytes(CODE_BYTES).toString("hex")}`)
  const characters = Array.from(
    { length: (CODE_BYTES * 8) / 5 },
    (_, index) => ALPHABET[Number((bits >> BigInt(5 * index)) & 31n)],
  )
  return characters.join("").replaceAll(/(.{4})(?=.)/g, "$1-")
}
