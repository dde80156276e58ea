/** A row of another system's table, as JSON; or the line that is made of it, with why it can't be imported as `refusal`. */
export type ForeignRow = Record<string, unknown>

/** A row with its columns named in camel case, as some installations name them in snake case. */
export const withCamelCase = (row: ForeignRow): ForeignRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )

/** Databases have booleans as 0 and 1, or none, which stands for `byDefault`. */
export function readFlag(value: unknown, byDefault: boolean): boolean {
  if (value === null || value === undefined) return byDefault
  return value !== false && value !== 0 && value !== "0" && value !== "false"
}

/** A time of a database without zones is in UTC. Anything else stays, for the line's own check. */
export function readTime(value: unknown): unknown {
  if (typeof value !== "string") return value
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$/.exec(value)
  return match ? `${match[1]}T${match[2]}Z` : value.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")
}

/** What a column with JSON holds; the database may have parsed it already. Null for nothing, and for what is no JSON. */
export function readJson(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null
  try {
    return JSON.parse(value)
  } catch {
    return null
  }
}

/** An object whose values are texts, as metadata is. */
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
