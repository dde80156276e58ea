/**
 * A string, terminated or not. If unterminated strings did not match, the search would start again at each quote
 * inside and run to the end of the text: 64 KiB of escaped quotes would take 10 s.
 */
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)/gs

/** Deeper than any input of a procedure, in a batch and with annotations. */
const MAX_DEPTH = 32

/** More than a batch of the largest inputs has. Procedures look at each name, even if they refuse it. */
const MAX_NAMES = 2_000

/** As with the names: more commas than a batch of the largest inputs has. */
const MAX_COMMAS = 5_000

/**
 * Parses JSON, but rejects objects with duplicate names, at any depth. `JSON.parse` uses the last duplicate, and a proxy
 * may use the first, so the two would disagree about the request (RFC 8259, section 4).
 *
 * Outside strings, valid JSON has one colon per name. A parsed value with fewer names had duplicates.
 *
 * Text that is nested deeper than any input, or has more names or values, is rejected unparsed: a few kilobytes of
 * brackets cost as much as a hundred calls.
 *
 * @throws {SyntaxError} for invalid JSON, for duplicate names, for deep nesting, and for too many names or values.
 */
export function parseJson(text: string): unknown {
  const syntax = text.replaceAll(STRING, "")
  if (isDeep(syntax)) throw new SyntaxError("nested too deeply")
  const names = countOf(":", syntax)
  if (names > MAX_NAMES) throw new SyntaxError("too many names")
  if (countOf(",", syntax) > MAX_COMMAS) throw new SyntaxError("too many values")
  const value: unknown = JSON.parse(text)
  if (names !== countNames(value)) throw new SyntaxError("duplicate name in an object")
  return value
}

const countOf = (character: string, text: string) => text.split(character).length - 1

/** @param syntax JSON without its strings. */
function isDeep(syntax: string): boolean {
  let depth = 0
  for (const character of syntax) {
    if (character === "[" || character === "{") depth++
    else if (character === "]" || character === "}") depth--
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** Does not recurse, because a client can nest values to any depth. */
function countNames(root: unknown): number {
  let names = 0
  const values = [root]
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue
    const inner: unknown[] = Object.values(value)
    if (!Array.isArray(value)) names += inner.length
    for (const item of inner) values.push(item)
  }
  return names
}
