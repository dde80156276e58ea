import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { rest } from "../testing.ts"
import { allProcedures, type TestedProcedure } from "../testingProcedures.ts"
import { hostileJson, hostileMeta } from "./hostileJson.ts"
import { request } from "./request.ts"
import { expectHarmless, newMarker, useTarget } from "./target.ts"

const target = useTarget()
const marker = newMarker()

const fieldsOf = ({ operation }: TestedProcedure) => Object.keys(operation.input?.properties ?? {})

/** As the user, or for what could end this session, by key. */
const credential = ({ path }: TestedProcedure) =>
  path === "auth.logout" ? `X-API-Key: ${target().apiKey}` : `Authorization: Bearer ${target().accessToken}`

const procedures = fc.constantFrom(...allProcedures)
const posts = fc.constantFrom(...allProcedures.filter(({ operation }) => operation.method === "POST"))
const gets = fc.constantFrom(...allProcedures.filter(({ operation }) => operation.method === "GET"))

async function expectHarmlessAnswer(procedure: TestedProcedure, line: string, body?: string) {
  const headers = ["Content-Type: application/json", credential(procedure)]
  const reply = await target().send(request(line, headers, body))
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

/** JSON, some of it with a piece taken out or doubled. */
const torn = (json: fc.Arbitrary<unknown>) =>
  fc
    .tuple(json, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -3, max: 3 }))
    .map(([value, where, by]) => {
      const text = JSON.stringify(value)
      const at = Math.floor(text.length * where)
      return text.slice(0, at) + text.slice(Math.max(0, at + by))
    })

describe("REST", () => {
  const bodies = posts.chain((procedure) =>
    fc.tuple(fc.constant(procedure), torn(hostileJson(marker, fieldsOf(procedure)))),
  )

  test("any body is answered without a mishap and without being repeated", () =>
    hold(
      fc.asyncProperty(bodies, ([procedure, body]) =>
        expectHarmlessAnswer(procedure, `POST ${procedure.operation.path}`, body),
      ),
    ))

  const cursor = fc
    .tuple(
      fc.oneof(fc.integer(), fc.bigInt(), fc.constantFrom("", "NaN", "1e3")),
      fc.oneof(fc.uuid(), fc.string()),
    )
    .map((parts) => Buffer.from(parts.join(".")).toString("base64url"))
  const value = fc.oneof(
    cursor,
    fc.string({ unit: "binary" }),
    fc.integer().map(String),
    fc.constantFrom("all", "%00"),
  )
  const queries = gets.chain((procedure) =>
    fc.tuple(
      fc.constant(procedure),
      fc.array(fc.tuple(fc.constantFrom(...fieldsOf(procedure), "__proto__", "cursor[]", marker), value), {
        maxLength: 5,
      }),
      fc.string({ unit: fc.constantFrom("%", "&", "=", "+", ";", "?", "f", "0", "[", "]"), maxLength: 12 }),
    ),
  )

  test("so is any query, and any cursor", () =>
    hold(
      fc.asyncProperty(queries, ([procedure, pairs, rubbish]) => {
        const query = new URLSearchParams(
          pairs.map(([name, text]): [string, string] => [name, text + marker]),
        )
        return expectHarmlessAnswer(procedure, `GET ${procedure.operation.path}?${query}&${rubbish}`)
      }),
    ))
})

describe("tRPC", () => {
  const call = (procedure: TestedProcedure, isBatch: boolean, input: string) => {
    const batch = isBatch ? "batch=1&" : ""
    return procedure.operation.kind === "query"
      ? // A target may have 16 KB.
        expectHarmlessAnswer(
          procedure,
          `GET /trpc/${procedure.path}?${batch}input=${encodeURIComponent(input).slice(0, 12_000)}`,
        )
      : expectHarmlessAnswer(procedure, `POST /trpc/${procedure.path}?${batch}`, input)
  }

  const envelopes = procedures.chain((procedure) => {
    const fields = fieldsOf(procedure)
    const envelope = fc.record({ json: hostileJson(marker, fields), meta: hostileMeta(marker, fields) })
    return fc.tuple(fc.constant(procedure), fc.boolean(), envelope)
  })

  test("any envelope of superjson is answered without a mishap and without being repeated", () =>
    hold(
      fc.asyncProperty(envelopes, ([procedure, isBatch, envelope]) =>
        call(procedure, isBatch, JSON.stringify(isBatch ? { 0: envelope } : envelope)),
      ),
    ))

  const inputs = procedures.chain((procedure) =>
    fc.tuple(
      fc.constant(procedure),
      fc.boolean(),
      torn(hostileJson(marker, [...fieldsOf(procedure), "json", "meta"])),
    ),
  )

  test("so is anything else in its place", () =>
    hold(fc.asyncProperty(inputs, ([procedure, isBatch, input]) => call(procedure, isBatch, input))))
})
