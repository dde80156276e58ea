import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseJson } from "./parseJson.ts"

/** A name as JSON can spell it: as it is, or with any of its characters escaped. */
const spelled = (name: string) =>
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

/** JSON text, and whether a name stands twice in one of its objects. */
interface Sample {
  json: string
  isDouble: boolean
}

const leaf = fc.json({ maxDepth: 0 }).map((json): Sample => ({ json, isDouble: false }))
const member = (value: fc.Arbitrary<Sample>) =>
  name.chain((text) => fc.record({ text: fc.constant(text), name: spelled(text), value, space }))

const { sample } = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("sample"), { maxLength: 4 }).map((items) => ({
      json: `[${items.map(({ json }) => json).join(",")}]`,
      isDouble: items.some(({ isDouble }) => isDouble),
    })),
    fc.array(member(tie("sample")), { maxLength: 4 }).map((members) => ({
      json: `{${members.map(({ name, value, space }) => `${space}${name}${space}:${value.json}`).join(",")}}`,
      isDouble:
        new Set(members.map(({ text }) => text)).size < members.length ||
        members.some(({ value }) => value.isDouble),
    })),
  ),
}))

describe("JSON", () => {
  test("is parsed as ever, unless a name stands twice in an object, however it is spelled and wherever it is", () => {
    fc.assert(
      fc.property(sample, ({ json, isDouble }) => {
        if (isDouble) expect(() => parseJson(json)).toThrow(SyntaxError)
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
  ])("%.60s is refused", (json) => {
    expect(() => parseJson(json)).toThrow(SyntaxError)
  })

  test.each(['{"a":":","b":"\\":"}', '[{"a":1},{"a":1}]', '{"a":{"a":1}}', '"a:b"', "7", "null"])(
    "%s is taken",
    (json) => expect(parseJson(json)).toEqual(JSON.parse(json)),
  )
})
