import fc from "fast-check"

/** Names that all objects have, or that parsers may treat specially. */
const NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "then",
  "length",
  "",
  "0",
  "json",
  "meta",
  "a.b",
]

/** Generates strings: some with the marker, and some that are otherwise unusual. */
const text = (marker: string) =>
  fc.oneof(
    fc.constant(marker),
    fc.constantFrom(
      "\0",
      "\ud800",
      "\u2028",
      "😀",
      "2999-01-01T00:00:00Z",
      "a@b.example",
      "x".repeat(20_000),
    ),
    fc.string({ unit: "binary", maxLength: 20 }).map((unusual) => unusual + marker),
    fc.uuid(),
  )

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, 2 ** 53, 2 ** 64, Number.MAX_VALUE, Number.MIN_VALUE),
)

/**
 * Generates hostile JSON, with the marker in its strings and names.
 *
 * @param fields the names that the receiver knows.
 */
export function hostileJson(marker: string, fields: readonly string[]): fc.Arbitrary<unknown> {
  const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...fields, ...NAMES) }, fc.constant(marker))
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, depthSize: "small", withCrossShrink: true },
      text(marker),
      number,
      fc.constantFrom(null, true, false),
      fc.array(tie("value"), { maxLength: 6 }),
      fc.array(fc.tuple(name, tie("value")), { maxLength: 6 }).map(toObject),
    ),
  })).value
}

/** Does not assign properties, because assigning to `__proto__` would set the prototype. */
const toObject = (entries: [string, unknown][]) =>
  Object.fromEntries(entries.map(([name, value]) => [name, value] as const))

const ANNOTATIONS = [
  ...["Date", "undefined", "map", "set", "bigint", "regexp", "Error", "number", "URL", "__proto__", 0, null],
  ...[["custom", "x"], ["class", "x"], ["symbol", "x"], ["typed-array", "Float64Array"], []],
]

/** Generates valid and invalid metadata for superjson. */
export function hostileMeta(marker: string, fields: readonly string[]): fc.Arbitrary<unknown> {
  const step = fc.constantFrom(...fields, ...NAMES, "\\", "\\\\", "\\.", marker)
  const path = fc.array(step, { minLength: 1, maxLength: 6 }).map((steps) => steps.join("."))
  const annotations = fc.letrec((tie) => ({
    leaf: fc.constantFrom(...ANNOTATIONS),
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie("leaf").map((leaf) => [leaf]),
      fc.tuple(tie("leaf"), tie("branches")),
      tie("branches"),
    ),
    branches: fc.array(fc.tuple(path, tie("tree") as fc.Arbitrary<unknown>), { maxLength: 4 }).map(toObject),
  })).tree
  const paths = fc.array(path, { maxLength: 4 })
  const equalities = fc.oneof(
    fc.array(fc.tuple(path, paths), { maxLength: 3 }).map(toObject),
    fc.tuple(paths),
    fc.constantFrom(null, 0, "x"),
  )
  const version = fc.constantFrom(0, 1, -1, 1e9, "x", null)
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ values: annotations, v: version }, { requiredKeys: ["values"] }) },
    fc.record({ values: annotations, referentialEqualities: equalities, v: version }, { requiredKeys: [] }),
    hostileJson(marker, fields),
  )
}
