import { createHash } from "node:crypto"

/** The number of characters that bcrypt takes into account; each is a byte. */
export const MAX_BCRYPT_LENGTH = 72

/** The longest imported key, in characters. Beyond 72 of them, only a SHA-256 covers the whole key. */
export const MAX_IMPORTED_LENGTH = 255

/** The characters behind the start that must be secret: 128 bits, if they are random letters and digits. */
export const MIN_SECRET_LENGTH = 22

/** Stands for keys without a common prefix, which are accepted in `X-API-Key`. */
export const ANY_BEGINNING = "*"

/**
 * A prefix of imported keys: 3 to 50 visible ASCII characters without commas, but not `eyJ`, with which JWTs begin;
 * or `ANY_BEGINNING`.
 */
export const isImportedPrefix = (text: string) =>
  text === ANY_BEGINNING || (/^[\x21-\x2b\x2d-\x7e]{3,50}$/.test(text) && !text.startsWith("eyJ"))

/** Tells which texts may be imported keys. */
export interface ImportedForms {
  /** Whether a text is a key rather than another system's credential, wherever it is presented. */
  isKey(text: string): boolean
  /** Whether there may be a row for a text that is presented as a key. */
  mayBeKey(text: string): boolean
  /** Whether keys may begin in any way. */
  acceptsAny: boolean
}

/** @throws {TypeError} for an invalid prefix. */
export function createImportedForms(prefixes: readonly string[]): ImportedForms {
  if (!prefixes.every(isImportedPrefix)) {
    throw new TypeError("importedKeyPrefixes: expected beginnings of 3 to 50 visible ASCII characters, or *")
  }
  const beginnings = prefixes.filter((prefix) => prefix !== ANY_BEGINNING)
  const acceptsAny = beginnings.length < prefixes.length
  const isKey = (text: string) => beginnings.some((beginning) => text.startsWith(beginning))
  return { isKey, mayBeKey: (text) => (acceptsAny || isKey(text)) && FORM.test(text), acceptsAny }
}

const FORM = new RegExp(`^[\\x21-\\x7e]{${MIN_SECRET_LENGTH},${MAX_IMPORTED_LENGTH}}$`)

/** SHA-256 as a row stores it. */
export const digestOf = (key: string): string => createHash("sha256").update(key).digest("hex")
