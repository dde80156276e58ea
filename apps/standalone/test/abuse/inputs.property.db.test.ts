import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { allProcedures } from "../http/procedures.ts"
import { rest } from "../testServer.ts"
import { hostileJson, hostileMeta } from "./hostileJson.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()
const marker = newMarker()

/** By name, so that a counterexample shows only the name. */
const operations = new Map(allProcedures.map(({ path, operation }) => [path, operation]))
const names = [...operations.keys()]
const byMethod = (method: string) => names.filter((name) => operations.get(name)?.method === method)
const restPath = (name: string) => operations.get(name)?.path
const inputFields = (name: string) => Object.keys(operations.get(name)?.input?.properties ?? {})

async function expectHarmlessResponse(name: string, line: string, body?: string) {
  const { apiKey, accessToken } = target()
  // With the access token, except for logout: that would end the session, and a key is refused there.
  const credential = name === "auth.logout" ? `X-API-Key: ${apiKey}` : `Authorization: Bearer ${accessToken}`
  const reply = await target().send(request(line, ["Content-Type: application/json", credential], body))
  if (!reply) throw new Error("no response")
  expectHarmless(reply, marker)
}

/** Checks a property with 250 inputs. Afterwards the server must still serve everyone, including their sender. */
async function assertProperty<Ts extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<Ts>) {
  await fc.assert(property, { numRuns: 250 })
  await target().expectUnharmed()
  const { url, accessToken } = target()
  expect((await rest(url, "GET", "/auth/me", { accessToken })).status).toBe(200)
}

/** Generates pairs of a procedure and an input for its fields. */
const generateCalls = <T>(paths: string[], inputFor: (fields: string[]) => fc.Arbitrary<T>) =>
  fc.constantFrom(...paths).chain((name) => fc.tuple(fc.constant(name), inputFor(inputFields(name))))

/** Generates JSON text with a piece removed or repeated. */
const torn = (json: fc.Arbitrary<unknown>) =>
  fc
    .record({
      json,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      offset: fc.integer({ min: -3, max: 3 }),
    })
    .map(({ json, share, offset }) => {
      const text = JSON.stringify(json)
      const at = Math.floor(text.length * share)
      return text.slice(0, at) + text.slice(Math.max(0, at + offset))
    })

describe("REST", () => {
  const bodies = generateCalls(byMethod("POST"), (fields) => torn(hostileJson(marker, fields)))

  test("no body causes a server error or is repeated in the response", () =>
    assertProperty(
      fc.asyncProperty(bodies, ([name, body]) =>
        expectHarmlessResponse(name, `POST ${restPath(name)}`, body),
      ),
    ))

  const time = fc.oneof(fc.integer(), fc.bigInt(), fc.constantFrom("", "NaN", "1e3"))
  const cursor = fc
    .tuple(time, fc.oneof(fc.uuid(), fc.string()))
    .map((parts) => Buffer.from(parts.join(".")).toString("base64url"))
  const unusual = fc.string({ unit: "binary" }).map((text) => text + marker)
  const value = fc.oneof(cursor, unusual, fc.integer().map(String), fc.constantFrom("all", "%00"))
  const junk = fc.string({ unit: fc.constantFrom(..."%&=+;?f0[]"), maxLength: 12 })
  const queries = generateCalls(byMethod("GET"), (fields) => {
    const name = fc.constantFrom(...fields, "__proto__", "cursor[]", marker)
    return fc.record({ pairs: fc.array(fc.tuple(name, value), { maxLength: 5 }), junk })
  })

  test("no query or cursor causes a server error or is repeated in the response", () =>
    assertProperty(
      fc.asyncProperty(queries, ([name, { pairs, junk }]) =>
        expectHarmlessResponse(name, `GET ${restPath(name)}?${new URLSearchParams(pairs)}&${junk}`),
      ),
    ))
})

describe("tRPC", () => {
  function call(name: string, isBatch: boolean, input: string) {
    const line = `/trpc/${name}?${isBatch ? "batch=1" : ""}`
    if (operations.get(name)?.kind === "mutation") return expectHarmlessResponse(name, `POST ${line}`, input)
    // Node accepts at most 16 KB of headers, including the URL.
    const query = String(new URLSearchParams({ input })).slice(0, 12_000)
    return expectHarmlessResponse(name, `GET ${line}&${query}`)
  }

  const envelopes = generateCalls(names, (fields) =>
    fc.record({ json: hostileJson(marker, fields), meta: hostileMeta(marker, fields) }),
  )

  test("no superjson envelope causes a server error or is repeated in the response", () =>
    assertProperty(
      fc.asyncProperty(envelopes, fc.boolean(), ([name, envelope], isBatch) =>
        call(name, isBatch, JSON.stringify(isBatch ? { 0: envelope } : envelope)),
      ),
    ))

  const inputs = generateCalls(names, (fields) => torn(hostileJson(marker, [...fields, "json", "meta"])))

  test("no other input causes a server error or is repeated in the response", () =>
    assertProperty(
      fc.asyncProperty(inputs, fc.boolean(), ([name, input], isBatch) => call(name, isBatch, input)),
    ))
})
