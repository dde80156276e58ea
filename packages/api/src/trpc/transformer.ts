import superjson from "superjson"

type Serialized = Parameters<typeof superjson.deserialize>[0]

/** Whether an annotation stands for a date or `undefined`. */
const isPlainLeaf = (annotation: unknown) =>
  Array.isArray(annotation) && annotation.length === 1 && ["Date", "undefined"].includes(annotation[0])

/** Far more than the fields of any input. Reviving each one costs a walk through the input. */
const MAX_ANNOTATIONS = 50

/**
 * Revives dates and `undefined`, and rejects every other annotation. Procedures need no others, and the sender
 * controls their cost: a few bytes can declare a typed array of any length.
 *
 * @throws {TypeError} for other annotations, and for too many.
 */
function deserialize(sent: Serialized): unknown {
  const values: unknown = sent?.meta?.values
  const annotations = Array.isArray(values) ? [values] : Object.values(values ?? {})
  const isPlain = annotations.length <= MAX_ANNOTATIONS && annotations.every(isPlainLeaf)
  if (sent?.meta?.referentialEqualities !== undefined || !isPlain) {
    throw new TypeError("annotation not supported")
  }
  // In place, because nothing else uses the parsed value, and a copy would take a `__proto__` from it as its prototype.
  return superjson.deserialize(sent, { inPlace: true })
}

/** The server's transformer. Clients use `superjson` itself. */
export const transformer = { input: { serialize: superjson.serialize, deserialize }, output: superjson }
