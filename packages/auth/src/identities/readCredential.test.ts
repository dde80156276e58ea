import { expect, test } from "vitest"
import { readCredential } from "./readCredential.ts"

const read = (...headers: [string, string][]) => readCredential(new Headers(headers))

test.each([
  [[], { kind: "none" }],
  [[["authorization", "Bearer a.b.c"]], { kind: "accessToken", accessToken: "a.b.c" }],
  [[["authorization", "bearer  a.b.c"]], { kind: "accessToken", accessToken: "a.b.c" }],
  [[["x-api-key", "abc"]], { kind: "apiKey", apiKey: "abc" }],
  [[["x-api-key", ""]], { kind: "apiKey", apiKey: "" }],
  [[["authorization", ""]], { kind: "malformed" }],
  [[["authorization", "Bearer"]], { kind: "malformed" }],
  [[["authorization", "Basic dXNlcjpwYXNz"]], { kind: "malformed" }],
  [[["authorization", "Bearer a b"]], { kind: "malformed" }],
] as [[string, string][], unknown][])("%j", (headers, expected) => {
  expect(read(...headers)).toEqual(expected)
})

test.each([
  [
    [
      ["authorization", "Bearer a"],
      ["x-api-key", "b"],
    ],
  ],
  [
    [
      ["authorization", "Basic a"],
      ["x-api-key", "b"],
    ],
  ],
  [
    [
      ["authorization", "Bearer a"],
      ["authorization", "Bearer a"],
    ],
  ],
  [
    [
      ["x-api-key", "a"],
      ["x-api-key", "a"],
    ],
  ],
] as [[string, string][]][])("two credentials are ambiguous: %j", (headers) => {
  expect(read(...headers)).toEqual({ kind: "ambiguous" })
})
