import { expect, test } from "vitest"
import { readCredential } from "./readCredential.ts"

const TRUSTED = "https://issuer.example"
const read = (...headers: [string, string][]) =>
  readCredential(new Headers(headers), {
    issuers: [TRUSTED],
    imported: { isKey: (text) => text.startsWith("old_") },
  })

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
const jwtOf = (payload: object) => `${encode({ alg: "ES256" })}.${encode(payload)}.c2ln`

const key = "a".repeat(64)
const prefixed = `acme_${"b".repeat(72)}`
const own = jwtOf({ iss: "latchkey" })
const trusted = jwtOf({ iss: TRUSTED })

test.each([
  [[], { kind: "none" }],
  [[["x-api-key", key]], { kind: "apiKey", apiKey: key }],
  [[["x-api-key", "abc"]], { kind: "apiKey", apiKey: "abc" }],
  [[["x-api-key", ""]], { kind: "apiKey", apiKey: "" }],
  [[["authorization", `Bearer ${key}`]], { kind: "apiKey", apiKey: key }],
  [[["authorization", `bearer  ${prefixed}`]], { kind: "apiKey", apiKey: prefixed }],
  [[["authorization", `Bearer ${own}`]], { kind: "accessToken", accessToken: own }],
  [[["authorization", `bearer  ${own}`]], { kind: "accessToken", accessToken: own }],
  [[["authorization", `Bearer ${trusted}`]], { kind: "issuerToken", issuer: TRUSTED, token: trusted }],
] as [[string, string][], unknown][])("%j", (headers, expected) => {
  expect(read(...headers)).toEqual(expected)
})

test("a token that is longer than headers can be is not decoded", () => {
  const long = jwtOf({ iss: TRUSTED, padding: "a".repeat(16_384) })
  expect(read(["authorization", `Bearer ${long}`]).kind).toBe("foreign")
})

test.each([
  "",
  "Bearer",
  "Bearer ",
  "Bearer a b",
  "Bearer opaque-token-of-the-host",
  `Bearer ${key.toUpperCase()}`,
  `Bearer acme_${key}`,
  `Bearer ${jwtOf({ iss: `${TRUSTED}/` })}`,
  `Bearer ${jwtOf({ iss: "Latchkey" })}`,
  `Bearer ${jwtOf({ iss: [TRUSTED] })}`,
  `Bearer ${jwtOf({})}`,
  "Bearer a.b.c",
  "Basic dXNlcjpwYXNz",
  'Digest username="ada", realm="host", uri="/"',
])("left to the host: %s", (authorization) => {
  expect(read(["authorization", authorization])).toEqual({ kind: "foreign" })
})

test.each([
  [
    ["authorization", `Bearer ${own}`],
    ["x-api-key", key],
  ],
  [
    ["authorization", "Basic a"],
    ["x-api-key", key],
  ],
  [
    ["authorization", `Bearer ${own}`],
    ["authorization", `Bearer ${own}`],
  ],
  [
    ["authorization", `Bearer ${key}`],
    ["authorization", "Basic a"],
  ],
  [
    ["authorization", "Basic a"],
    ["authorization", `Bearer ${key}`],
  ],
  [
    ["x-api-key", key],
    ["x-api-key", key],
  ],
] as [string, string][][])("two credentials: %j, %j", (...headers) => {
  expect(read(...headers)).toEqual({ kind: "ambiguous" })
})
