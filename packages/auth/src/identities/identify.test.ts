import { expect, test } from "vitest"
import { createAskHost, type Identify } from "./identify.ts"

const ISSUERS = ["host", "https://login.example.com"] as const
const ask = (identify: Identify) => createAskHost(identify, { issuers: ISSUERS })(new Headers(), undefined)

test("the host's users have its issuer, or a trusted one that it names", async () => {
  expect(await ask(() => ({ subject: "org_42" }))).toEqual({ subject: "org_42", issuer: "host" })
  const named = {
    subject: "org_42",
    issuer: ISSUERS[1],
    actor: "user_7",
    role: "admin",
    manage: "read",
  } as const
  expect(await ask(async () => named)).toEqual(named)
  expect(await ask(() => null)).toBeNull()
})

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["a string", "org_42"],
  ["no subject", {}],
  ["an empty subject", { subject: "" }],
  ["a long subject", { subject: "x".repeat(256) }],
  ["a subject with a control character", { subject: "a\nb" }],
  ["a subject with a lone surrogate", { subject: "\ud800" }],
  ["a number as subject", { subject: 42 }],
  ["an empty actor", { subject: "org_42", actor: "" }],
  ["the issuer of own accounts", { subject: "org_42", issuer: "latchkey" }],
  ["an issuer that is not trusted", { subject: "org_42", issuer: "https://evil.example.com" }],
  ["another role", { subject: "org_42", role: "owner" }],
  ["a misspelled field", { subject: "org_42", mange: "read" }],
  ["another value of manage", { subject: "org_42", manage: "readonly" }],
])("%s is no verdict", async (_, identity) => {
  await expect(ask(() => identity as never)).rejects.toMatchObject({
    reason: "UNAVAILABLE",
    cause: { message: "identify failed", cause: expect.any(Error) },
  })
})

test("an error of the host gives no verdict, and is kept for the log", async () => {
  const error = new Error("the host's database is down")
  const throwing = ask(() => {
    throw error
  })
  await expect(throwing).rejects.toMatchObject({ reason: "UNAVAILABLE", cause: { cause: error } })
  const rejecting = ask(() => Promise.reject(error))
  await expect(rejecting).rejects.toMatchObject({ reason: "UNAVAILABLE", cause: { cause: error } })
})
