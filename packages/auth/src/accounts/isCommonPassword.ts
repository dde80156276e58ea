import { dictionary } from "@zxcvbn-ts/language-common"

const common = new Set(dictionary["passwords-common"])

/** Words that are specific to this service (ASVS 5.0, 6.1.2). */
const OWN_WORDS = new Set(["latchkey", "apikey", "apikeys", "myapikey", "administrator"])

const ASCENDING = "01234567890123456789012345678901234567890"
const DESCENDING = [...ASCENDING].reverse().join("")

/**
 * Whether a password is among those that attackers try first, ignoring case:
 * - one of the 49,000 most common passwords, alone or surrounded by at most as many digits and symbols
 * - a word specific to this service, with any digits and symbols around or between its letters
 * - a repetition of either, or of at most four characters
 * - consecutive digits
 */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase()
  const core = coreOf(text)
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

/** The part from the first letter to the last. */
function coreOf(text: string) {
  const characters = [...text]
  const isLetter = (character: string) => /\p{L}/u.test(character)
  return characters.slice(characters.findIndex(isLetter), characters.findLastIndex(isLetter) + 1).join("")
}

/**
 * The shortest string that yields the text when repeated. Takes linear time, with the prefix function of Knuth, Morris
 * and Pratt. A regular expression with a back-reference would take quadratic time, and anyone can send the text.
 */
function pieceOf(text: string) {
  // overlaps[i]: the length of the longest proper prefix of text[0..i] that is also its suffix.
  const overlaps = new Uint32Array(text.length)
  let overlap = 0
  for (let end = 1; end < text.length; end++) {
    while (overlap > 0 && text[end] !== text[overlap]) overlap = overlaps[overlap - 1] ?? 0
    if (text[end] === text[overlap]) overlap++
    overlaps[end] = overlap
  }
  const length = text.length - overlap
  return text.length % length === 0 ? text.slice(0, length) : text
}
