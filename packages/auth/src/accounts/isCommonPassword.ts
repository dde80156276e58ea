import { dictionary } from "@zxcvbn-ts/language-common"

const common = new Set(dictionary["passwords-common"])

/** Words that are specific to this service (ASVS 5.0, 6.1.2). */
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

/** The part from the first letter to the last; empty without letters. */
function coreOf(text: string) {
  const characters = [...text]
  const isLetter = (character: string) => /\p{L}/u.test(character)
  return characters.slice(characters.findIndex(isLetter), characters.findLastIndex(isLetter) + 1).join("")
}

/**
 * The shortest piece that a text repeats, or the text. In linear time, by the prefix function of Knuth, Morris and Pratt:
 * a regular expression with a back-reference takes quadratic time, and anybody may send the text.
 */
function pieceOf(text: string) {
  // overlaps[i]: the length of the longest proper prefix of text[0..i] that it also ends with.
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
