import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseJson } from "./parseJson.ts"

/** A name as JSON can encode it: literally, or with any of its characters escaped. */
const encoded = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((escapes) =>
      [...name.split("").entries()]
        .map(([at, unit]) =>
          escapes[at]
            ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
            : JSON.stringify(unit).slice(1, -1),
        )
        .join(""),
    )
    .map((text) => `"${text}"`)

const name = fc.oneof(
  fc.constantFrom("a", "b", "__proto__", "constructor", "", ":", '"', "\\", '":"', "{", "\\u0061", "0"),
  fc.string({ maxLength: 4 }),
)
const space = fc.constantFrom("", " ", "\n\t")

/** JSON text, and whether any of its objects has a duplicate name. */
interface Sample {
  json: string
  hasDuplicate: boolean
}

const leaf = fc.json({ maxDepth: 0 }).map((json): Sample => ({ json, hasDuplicate: false }))
const member = (value: fc.Arbitrary<Sample>) =>
  name.chain((text) => fc.record({ text: fc.constant(text), name: encoded(text), value, space }))

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("sample"), { maxLength: 4 }).map((items) => ({
      json: `[${items.map(({ json }) => json).join(",")}]`,
      hasDuplicate: items.some(({ hasDuplicate }) => hasDuplicate),
    })),
    fc.array(member(tie("sample")), { maxLength: 4 }).map((members) => ({
      json: `{${members.map(({ name, value, space }) => `${space}${name}${space}:${value.json}`).join(",")}}`,
      hasDuplicate:
        new Set(members.map(({ text }) => text)).size < members.length ||
        members.some(({ value }) => value.hasDuplicate),
    })),
  ),
}))

describe("JSON", () => {
  test("is rejected if an object at any depth has a name twice, in any encoding, and otherwise parsed as usual", () => {
    fc.assert(
      fc.property(sample, ({ json, hasDuplicate }) => {
        if (hasDuplicate) expect(() => parseJson(json)).toThrow(SyntaxError)
        else expect(parseJson(json)).toEqual(JSON.parse(json))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":[{"c":1,"c":2}]}}',
    '{"a":{"b":1,"b":2},"a":3}',
    '{"__proto__":1,"__proto__":2}',
    `${'{"a":'.repeat(5_000)}{"b":1,"b":2}${"}".repeat(5_000)}`,
  ])("%.60s is rejected", (json) => {
    expect(() => parseJson(json)).toThrow(SyntaxError)
  })

  test.each(['{"a":":","b":"\\":"}', '[{"a":1},{"a":1}]', '{"a":{"a":1}}', '"a:b"', "7", "null"])(
    "%s is accepted",
    (json) => expect(parseJson(json)).toEqual(JSON.parse(json)),
  )

  test.each([
    ["arrays", (depth: number) => "[".repeat(depth) + "]".repeat(depth)],
    ["objects", (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`],
    [
      "one after another",
      (depth: number) => `[${"[],".repeat(5_000)}${"[".repeat(depth - 1)}${"]".repeat(depth)}`,
    ],
  ])("may be nested 32 deep: %s", (_, nested) => {
    expect(parseJson(nested(32))).toEqual(JSON.parse(nested(32)))
    expect(() => parseJson(nested(33))).toThrow(SyntaxError)
  })

  test("may have 2,000 names in all its objects", () => {
    const withNames = (count: number) =>
      JSON.stringify([
        { a: 1 },
        { b: Object.fromEntries(Array.from({ length: count - 2 }, (_, i) => [i, ":"])) },
      ])
    expect(parseJson(withNames(2_000))).toEqual(JSON.parse(withNames(2_000)))
    expect(() => parseJson(withNames(2_001))).toThrow(SyntaxError)
  })

  test("may have 5,000 commas outside strings", () => {
    const withCommas = (count: number) => JSON.stringify([",", ...Array.from({ length: count }, () => 1)])
    expect(parseJson(withCommas(5_000))).toEqual(JSON.parse(withCommas(5_000)))
    expect(() => parseJson(withCommas(5_001))).toThrow(SyntaxError)
  })

  test.each(['"', '"\\', '"\\\n'])("hostile text of 64 KiB finishes in time after %s", (beginning) => {
    const text = beginning + '\\"'.repeat(32_000)
    for (let i = 0; i < 10; i++) expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  test("may contain any number of brackets in strings", () => {
    const json = JSON.stringify({ a: "[".repeat(100), "{{{": '"[' })
    expect(parseJson(json)).toEqual(JSON.parse(json))
  })
})
