import { dictionary } from "@zxcvbn-ts/language-common"

/** Most common first. */
const ranked = dictionary["passwords-common"]
const common = new Set(ranked)
const mostCommon = new Set(ranked.slice(0, 1_000))

const ASCENDING = "01234567890123456789012345678901234567890"
const DESCENDING = [...ASCENDING].reverse().join("")

/**
 * Whether a password is one that attackers try first: on the list of the 49,000 most common, whatever its case;
 * one of the first 1,000 with digits or signs around it; a short piece over and over; or digits in a row.
 */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase()
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")
  const piece = /^(.+?)\1+$/su.exec(text)?.[1] ?? text
  return (
    common.has(text) ||
    mostCommon.has(core) ||
    common.has(piece) ||
    (piece !== text && piece.length <= 4) ||
    ASCENDING.includes(text) ||
    DESCENDING.includes(text)
  )
}
