import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { createCanaries } from "./createCanaries.ts"

const apiKey = randomBytes(32).toString("hex")
const refreshToken = randomBytes(64).toString("base64url")
const canaries = createCanaries()
canaries.note("API key", apiKey)
canaries.note("password", "correct horse battery")
canaries.note("refresh token", refreshToken)

test.each([
  ["as it is", "API key", `x${apiKey}y`],
  ["by its secret part", "API key", apiKey.slice(16)],
  ["in hex of its text", "API key", Buffer.from(apiKey).toString("hex")],
  ["in base64 of its text", "API key", Buffer.from(`xx${apiKey}`, "utf8").toString("base64")],
  ["in base64 of its bytes", "API key", Buffer.from(apiKey, "hex").toString("base64")],
  ["in the middle of base64 text", "password", Buffer.from("{correct horse battery}").toString("base64url")],
  ["in hex", "password", Buffer.from("correct horse battery").toString("hex").toUpperCase()],
  ["by its turn", "refresh token", Buffer.from(refreshToken, "base64url").subarray(40).toString("hex")],
])("a secret is found %s", (_, name, text) => {
  expect(canaries.findEncoded(text)).toEqual([name])
})

test("the lookup id of a key and the session id of a refresh token are not found", () => {
  const id = Buffer.from(refreshToken, "base64url").subarray(0, 16).toString("hex")
  expect(canaries.findEncoded(`${apiKey.slice(0, 16)} ${id}`)).toEqual([])
})
