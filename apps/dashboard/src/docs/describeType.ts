import type { Schema } from "./openApi.ts"

/** The type of a value in words, such as `string, a date and time, or null`. */
export function describeType(schema: Schema): string {
  const { anyOf, type, items, format, additionalProperties } = schema
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ")
  if (anyOf) return [...new Set(anyOf.map(describeType))].join(" or ")
  if (Array.isArray(type)) return type.map((one) => describeType({ ...schema, type: one })).join(" or ")
  if (type === "array") return `array of ${plural(describeType(items ?? {}))}`
  if (type === "object" && typeof additionalProperties === "object") {
    return `object of ${plural(describeType(additionalProperties))} by name`
  }
  if (type === "string" && format !== undefined) return FORMATS[format] ?? `string (${format})`
  return type ?? "any value"
}

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "time (ISO 8601)",
  date: "date (ISO 8601)",
  email: "email",
  ipv4: "IPv4 address",
  ipv6: "IPv6 address",
}

const plural = (type: string) => (/^[a-z]+$/.test(type) ? `${type}s` : type)

/** The limits of a value, such as `1 to 100`; empty if there are none worth showing. */
export function describeLimits(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema
  const limits = [
    range(minimum, maximum),
    range(minLength, maxLength, " characters"),
    range(minItems, maxItems, " items"),
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ]
  return limits.filter((limit) => limit !== "").join(", ")
}

/** JavaScript's own limits for whole numbers are not informative. */
const isGiven = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER

const count = (bound: number) => bound.toLocaleString("en")

function range(from: number | undefined, to: number | undefined, unit = ""): string {
  if (isGiven(from) && isGiven(to)) return `${count(from)} to ${count(to)}${unit}`
  if (isGiven(to)) return `at most ${count(to)}${unit}`
  return isGiven(from) && from > 0 && unit === "" ? `at least ${count(from)}` : ""
}

/** The objects whose fields describe a value: the value itself, its items, or its alternatives. */
export function fieldsOf(schema: Schema): Schema[] {
  if (schema.properties) return [schema]
  const nested = [
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
    ...(typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : []),
  ]
  return nested.flatMap(fieldsOf)
}
