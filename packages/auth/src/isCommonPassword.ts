import { dictionary } from "@zxcvbn-ts/language-common"

const common = new Set(dictionary["passwords-common"])

/** What this service and what it is about are called (ASVS 5.0, 6.1.2). */
const OWN_WORDS = new Set(["latchkey", "apikey", "apikeys", "myapikey", "administrator"])

const ASCENDING = "01234567890123456789012345678901234567890"
const DESCENDING = [...ASCENDING].reverse().join("")

/**
 * Whether a password is one that attackers try first: on the list of the 49,000 most common, whatever its case;
 * one of them with digits or signs around it, not more than it is long; a word of ours, whatever stands between its
 * letters; a piece of either kind, or a short one, over and over; or digits in a row.
 */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase()
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")
  const letters = text.replace(/[^\p{L}]+/gu, "")
  const piece = pieceOf(text)
  return (
    common.has(text) ||
    (common.has(core) && core.length >= text.length / 2) ||
    OWN_WORDS.has(pieceOf(letters)) ||
    common.has(piece) ||
    (piece !== text && piece.length <= 4) ||
    ASCENDING.includes(text) ||
    DESCENDING.includes(text)
  )
}

/** What a text is repetitions of, or the text. */
const pieceOf = (text: string) => /^(.+?)\1+$/su.exec(text)?.[1] ?? text
