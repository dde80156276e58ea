import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { allProcedures } from "../procedures.ts"
import { rest } from "../testServer.ts"
import { hostileJson, hostileMeta } from "./hostileJson.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()
const marker = newMarker()

/** By name, which is all that a counterexample needs to tell. */
const operations = new Map(allProcedures.map(({ path, operation }) => [path, operation]))
const names = [...operations.keys()]
const byMethod = (method: string) => names.filter((name) => operations.get(name)?.method === method)
const placeOf = (name: string) => operations.get(name)?.path
const fieldsOf = (name: string) => Object.keys(operations.get(name)?.input?.properties ?? {})

async function expectHarmlessAnswer(name: string, line: string, body?: string) {
  const { apiKey, accessToken } = target()
  // As the user; but for what could end this session, which a key may not do.
  const credential = name === "auth.logout" ? `X-API-Key: ${apiKey}` : `Authorization: Bearer ${accessToken}`
  const reply = await target().send(request(line, ["Content-Type: application/json", credential], body))
  if (!reply) throw new Error("no answer")
  expectHarmless(reply, marker)
}

/** In each run another input, and after all of them everybody is served, the abuser too. */
async function hold<Ts extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<Ts>) {
  await fc.assert(property, { numRuns: 250 })
  await target().expectUnharmed()
  const { url, accessToken } = target()
  expect((await rest(url, "GET", "/auth/me", { accessToken })).status).toBe(200)
}

/** One of these procedures, with an input made for its fields. */
const callsOf = <T>(paths: string[], inputFor: (fields: string[]) => fc.Arbitrary<T>) =>
  fc.constantFrom(...paths).chain((name) => fc.tuple(fc.constant(name), inputFor(fieldsOf(name))))

/** JSON as text, with a piece taken out or doubled. */
const torn = (json: fc.Arbitrary<unknown>) =>
  fc
    .record({ json, share: fc.double({ min: 0, max: 1, noNaN: true }), by: fc.integer({ min: -3, max: 3 }) })
    .map(({ json, share, by }) => {
      const text = JSON.stringify(json)
      const at = Math.floor(text.length * share)
      return text.slice(0, at) + text.slice(Math.max(0, at + by))
    })

describe("REST", () => {
  const bodies = callsOf(byMethod("POST"), (fields) => torn(hostileJson(marker, fields)))

  test("any body is answered without a mishap and without being repeated", () =>
    hold(
      fc.asyncProperty(bodies, ([name, body]) => expectHarmlessAnswer(name, `POST ${placeOf(name)}`, body)),
    ))

  const time = fc.oneof(fc.integer(), fc.bigInt(), fc.constantFrom("", "NaN", "1e3"))
  const cursor = fc
    .tuple(time, fc.oneof(fc.uuid(), fc.string()))
    .map((parts) => Buffer.from(parts.join(".")).toString("base64url"))
  const odd = fc.string({ unit: "binary" }).map((text) => text + marker)
  const value = fc.oneof(cursor, odd, fc.integer().map(String), fc.constantFrom("all", "%00"))
  const rubbish = fc.string({ unit: fc.constantFrom(..."%&=+;?f0[]"), maxLength: 12 })
  const queries = callsOf(byMethod("GET"), (fields) => {
    const name = fc.constantFrom(...fields, "__proto__", "cursor[]", marker)
    return fc.record({ pairs: fc.array(fc.tuple(name, value), { maxLength: 5 }), rubbish })
  })

  test("so is any query, and any cursor", () =>
    hold(
      fc.asyncProperty(queries, ([name, { pairs, rubbish }]) =>
        expectHarmlessAnswer(name, `GET ${placeOf(name)}?${new URLSearchParams(pairs)}&${rubbish}`),
      ),
    ))
})

describe("tRPC", () => {
  function call(name: string, isBatch: boolean, input: string) {
    const line = `/trpc/${name}?${isBatch ? "batch=1" : ""}`
    if (operations.get(name)?.kind === "mutation") return expectHarmlessAnswer(name, `POST ${line}`, input)
    // All headers together may have 16 KB.
    const query = String(new URLSearchParams({ input })).slice(0, 12_000)
    return expectHarmlessAnswer(name, `GET ${line}&${query}`)
  }

  const envelopes = callsOf(names, (fields) =>
    fc.record({ json: hostileJson(marker, fields), meta: hostileMeta(marker, fields) }),
  )

  test("any envelope of superjson is answered without a mishap and without being repeated", () =>
    hold(
      fc.asyncProperty(envelopes, fc.boolean(), ([name, envelope], isBatch) =>
        call(name, isBatch, JSON.stringify(isBatch ? { 0: envelope } : envelope)),
      ),
    ))

  const inputs = callsOf(names, (fields) => torn(hostileJson(marker, [...fields, "json", "meta"])))

  test("so is anything else in its place", () =>
    hold(fc.asyncProperty(inputs, fc.boolean(), ([name, input], isBatch) => call(name, isBatch, input))))
})
