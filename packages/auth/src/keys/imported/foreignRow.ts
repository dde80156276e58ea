/**
 * A row of another system's table, as JSON; or the line made from it, with the reason why it can't be imported as
 * `refusal`.
 */
export type ForeignRow = Record<string, unknown>

/** A row with its columns named in camel case, because some installations use snake case. */
export const withCamelCase = (row: ForeignRow): ForeignRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )

/** Databases may return booleans as 0 and 1, or no value, which stands for `byDefault`. */
export function readFlag(value: unknown, byDefault: boolean): boolean {
  if (value === null || value === undefined) return byDefault
  return value !== false && value !== 0 && value !== "0" && value !== "false"
}

/** Times from a database without zones are in UTC. Anything else is left to the line's own check. */
export function readTime(value: unknown): unknown {
  if (typeof value !== "string") return value
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$/.exec(value)
  return match ? `${match[1]}T${match[2]}Z` : value.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")
}

/**
 * The value of a column with JSON, which the database may already have parsed. Null for no value, and for invalid
 * JSON.
 */
export function readJson(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null
  try {
    return JSON.parse(value)
  } catch {
    return null
  }
}

/** An object whose values are texts, like metadata. */
export function readMetadata(value: unknown): unknown {
  const parsed = readJson(value)
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null
  const entries = Object.entries(parsed).map(([name, entry]) => [
    name,
    typeof entry === "string" ? entry : JSON.stringify(entry),
  ])
  return entries.length === 0 ? null : Object.fromEntries(entries)
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "")
