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
  ["its secret part", "API key", apiKey.slice(16)],
  ["in hex of hex", "API key", Buffer.from(apiKey).toString("hex")],
  ["in base64 of its bytes", "API key", Buffer.from(`xx${apiKey}`, "utf8").toString("base64")],
  ["in base64 of what its hex stands for", "API key", Buffer.from(apiKey, "hex").toString("base64")],
  ["in the middle of base64", "password", Buffer.from("{correct horse battery}").toString("base64url")],
  ["in hex", "password", Buffer.from("correct horse battery").toString("hex").toUpperCase()],
  ["its turn", "refresh token", Buffer.from(refreshToken, "base64url").subarray(40).toString("hex")],
])("a secret is found %s", (_, name, text) => {
  expect(canaries.findEncoded(text)).toEqual([name])
})

test("what is not secret of it is not taken for it", () => {
  const id = Buffer.from(refreshToken, "base64url").subarray(0, 16).toString("hex")
  expect(canaries.findEncoded(`${apiKey.slice(0, 16)} ${id}`)).toEqual([])
})
