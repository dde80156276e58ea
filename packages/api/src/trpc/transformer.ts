import superjson from "superjson"

type Serialized = Parameters<typeof superjson.deserialize>[0]

/** What revives as a date, or as undefined. */
const isPlainLeaf = (annotation: unknown) =>
  Array.isArray(annotation) && annotation.length === 1 && ["Date", "undefined"].includes(annotation[0])

/**
 * superjson can revive much more than the dates that our procedures take, and some of it at a price that the
 * sender sets: a typed array of a length that a few bytes declare. Everything else is refused.
 *
 * @throws {TypeError}
 */
function deserialize(sent: Serialized): unknown {
  const values: unknown = sent?.meta?.values
  const annotations = Array.isArray(values) ? [values] : Object.values(values ?? {})
  if (sent?.meta?.referentialEqualities !== undefined || !annotations.every(isPlainLeaf)) {
    throw new TypeError("an annotation that no input needs")
  }
  // In place, as what was parsed for us is ours, and as a copy would take a `__proto__` that was sent for its own.
  return superjson.deserialize(sent, { inPlace: true })
}

/** Clients use `superjson` itself. */
export const transformer = { input: { serialize: superjson.serialize, deserialize }, output: superjson }
