const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/**
 * Parses JSON, but rejects objects with duplicate names, at any depth. `JSON.parse` uses the last duplicate, and a proxy
 * may use the first, so the two would disagree about the request (RFC 8259, section 4).
 *
 * Outside strings, valid JSON has one colon per name. A parsed value with fewer names had duplicates.
 *
 * @throws {SyntaxError} for invalid JSON and for duplicate names.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (countColons(text) !== countNames(value)) throw new SyntaxError("duplicate name in an object")
  return value
}

const countColons = (json: string) => json.replaceAll(STRING, "").split(":").length - 1

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
