import { expect, test } from "vitest"
import { readBasic } from "./basicCredential.ts"

const encode = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`
const read = (authorization: string, more: Record<string, string> = {}) =>
  readBasic(new Headers({ authorization, ...more }))

test.each([
  ["k-1:secret", { id: "k-1", key: "secret" }],
  ["k%2D1:a%3Ab", { id: "k-1", key: "a:b" }],
  ["a+b:c:d", { id: "a b", key: "c:d" }],
  ["k-1:", { id: "k-1", key: "" }],
  ["none", { id: "", key: "" }],
])("%s", (text, expected) => {
  expect(read(encode(text))).toEqual(expected)
})

test.each([
  "",
  "Basic",
  "Basic !",
  "Bearer YTpi",
  `${encode("a:b")}, ${encode("a:b")}`,
  encode("a:%"),
  encode("a:%ff"),
  `Basic ${Buffer.from([0xff, 0x3a]).toString("base64")}`,
])("no client's password: %s", (authorization) => {
  expect(read(authorization)).toBeNull()
})

test("with another credential, the request counts as ambiguous", () => {
  expect(read(encode("a:b"), { "x-api-key": "" })).toBeNull()
})
