const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/**
 * Parses JSON in which each name stands once in its object, at any depth. `JSON.parse` takes the last of several,
 * other readers on the way the first, and then the two disagree about what was asked for (RFC 8259, section 4).
 *
 * Outside texts, valid JSON has one colon for each name; there are fewer names in what was parsed if one replaced
 * another.
 *
 * @throws {SyntaxError}
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (countColons(text) !== countNames(value)) throw new SyntaxError("a name stands twice in an object")
  return value
}

const countColons = (json: string) => json.replaceAll(TEXT, "").split(":").length - 1

/** Without recursion, as what was sent can be nested as deeply as its sender likes. */
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
