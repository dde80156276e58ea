import { describe, expect, test } from "vitest"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()

/** Every annotation that superjson revives and some that it does not know, each with JSON for it. */
const ANNOTATIONS: Record<string, [annotation: unknown, json: unknown]> = {
  bigint: ["bigint", "9".repeat(10_000)],
  Error: ["Error", { name: "MARK", message: "MARK", stack: "MARK", cause: "MARK" }],
  "a regular expression": ["regexp", "/(a+)+$/"],
  "an invalid regular expression": ["regexp", "/(/"],
  set: ["set", [1, 2]],
  map: ["map", [["__proto__", { polluted: 1 }]]],
  number: ["number", "MARK"],
  "an infinite number": ["number", "-Infinity"],
  URL: ["URL", "file:///etc/passwd"],
  symbol: [["symbol", "MARK"], "x"],
  class: [["class", "MARK"], { length: 1 }],
  "a class named constructor": [["class", "constructor"], {}],
  custom: [["custom", "MARK"], {}],
  "a typed array with a huge length": [["typed-array", "Float64Array"], { length: 150_000_000 }],
  "a typed array of a huge number": [["typed-array", "Uint8Array"], 4_000_000_000],
  "a typed array of an unknown type": [["typed-array", "constructor"], [1]],
  "an unknown annotation": ["MARK", "x"],
  "an annotation named __proto__": ["__proto__", "x"],
  "an annotation that is a number": [7, "x"],
  "an annotation that is null": [null, "x"],
}

const leaf = ["undefined"]
const deep = (depth: number, end: string) => `${'{"a":'.repeat(depth)}${end}${"}".repeat(depth)}`

/** Other values of `meta`, as text. Each is refused or has no effect. */
const METAS: Record<string, string> = {
  "a reference from the root": '{"referentialEqualities":[["label"]]}',
  "a reference to the prototype": '{"referentialEqualities":{"label":["__proto__"]}}',
  "a reference to a constructor": '{"referentialEqualities":{"constructor":["label"]}}',
  "a reference from everything to everything": `{"referentialEqualities":{"label":[${'"a",'.repeat(9000)}"a"]}}`,
  "no references": '{"referentialEqualities":{}}',
  "references that are null": '{"referentialEqualities":null}',
  "a path to the prototype": '{"values":{"__proto__.polluted":["Date"]}}',
  "a path to the prototype, with a version": '{"values":{"__proto__.polluted":["Date"]},"v":1}',
  "a path to the prototype, through a constructor": '{"values":{"constructor.prototype.polluted":["Date"]}}',
  "__proto__ in a tree of paths": '{"values":{"__proto__":{"polluted":["Date"]}}}',
  "__proto__ in meta": '{"__proto__":{"values":{"label":["map"]}}}',
  "a path with an invalid escape": '{"values":{"\\\\x":["Date"]},"v":1}',
  "a tree of paths": '{"values":{"label":["Date",{"__proto__":["Date"]}]}}',
  "a tree of paths below null": '{"values":[null,{"label":["Date"]}]}',
  "a deep tree": `{"values":${deep(9000, '["Date"]')}}`,
  "a deep tree of arrays": `{"values":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
  "values that are a string": '{"values":"x"}',
  "values that are a number": '{"values":1}',
  "values that are true": '{"values":true}',
  "values in an array": '{"values":[["Date"]]}',
  "a root that is a map": '{"values":["map"]}',
  "a root that is a date": '{"values":["Date"]}',
  "a root that is undefined": '{"values":["undefined"]}',
}

/** Paths that lead nowhere, and so change nothing. */
const PATHS: Record<string, string> = {
  "of 20,000 steps": "a.".repeat(20_000),
  "of 60,000 characters": "a".repeat(60_000),
  "that is empty": "",
  "below a string": "label.x.y",
  "into an array that does not exist": "label.0",
}

describe.each(["/trpc/apiKeys.create", "/trpc/apiKeys.create?batch=1"])("%s", (path) => {
  const send = (envelope: string) =>
    target().send(
      request(
        `POST ${path}`,
        [`Authorization: Bearer ${target().accessToken}`, "Content-Type: application/json"],
        path.includes("batch") ? `{"0":${envelope}}` : envelope,
      ),
    )

  async function expectRefusal(envelope: string, marker = newMarker()) {
    const reply = await send(envelope)
    expect(reply?.status).toBe(400)
    expect(reply?.body).toContain('"INVALID_INPUT"')
    if (reply) expectHarmless(reply, marker)
  }

  test.each(Object.entries(ANNOTATIONS))("%s is not revived, in any place", async (_, [annotation, json]) => {
    const marker = newMarker()
    const places = [
      { json: { label: json }, meta: { values: { label: [annotation] } } },
      { json: { label: "x", expiresAt: json }, meta: { values: { expiresAt: [annotation] } } },
      { json: { label: [json] }, meta: { values: { "label.0": [annotation] }, v: 1 } },
      { json, meta: { values: [annotation] } },
      { json: { label: json }, meta: { values: [annotation, { label: [annotation] }] } },
      { json: { label: json }, meta: { values: { label: [annotation, { x: leaf }] } } },
    ]
    for (const place of places) {
      await expectRefusal(JSON.stringify(place).replaceAll("MARK", marker), marker)
    }
  })

  test.each(Object.entries(METAS))("%s is refused", async (_, meta) => {
    await expectRefusal(`{"json":{"label":""},"meta":${meta}}`)
  })

  test.each(Object.entries(PATHS))("a path %s changes nothing", async (_, key) => {
    const meta = { values: { [key]: leaf } }
    await expectRefusal(JSON.stringify({ json: { label: "" }, meta }))
  })

  test("2,000 annotations are refused", async () => {
    const values = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`a${i}`, leaf]))
    await expectRefusal(JSON.stringify({ json: { label: "x" }, meta: { values } }))
  })

  test.each([
    ...[
      "1e300",
      "-8640000000000001",
      "{}",
      "[]",
      '"x"',
      '"-000001-01-01T00:00:00Z"',
      '"+275760-09-13T00:00:00Z"',
    ],
    ...[
      '{"toString":1}',
      '{"valueOf":"x","toString":null}',
      '"9999-12-31T23:59:59-14:00"',
      "null",
      "true",
      "0",
    ],
  ])("%s is not a date in the future", async (json) => {
    // `null` revives as 1970.
    await expectRefusal(`{"json":{"label":"x","expiresAt":${json}},"meta":{"values":{"expiresAt":["Date"]}}}`)
  })

  test.each([
    "null",
    "[]",
    '"x"',
    "1",
    "true",
    "{}",
    '{"meta":{"values":{"label":["undefined"]}}}',
    '{"json":null}',
  ])("%s is not an envelope", async (envelope) => {
    await expectRefusal(envelope)
  })
})
