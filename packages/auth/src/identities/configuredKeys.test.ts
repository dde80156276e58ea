import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { createConfiguredKeys } from "./configuredKeys.ts"

const newKey = () => randomBytes(32).toString("hex")

test("configured keys are found, and no others", () => {
  const [first, second, gateway] = [newKey(), newKey(), newKey()]
  const { find } = createConfiguredKeys({ bootstrap: [first, second], introspection: [gateway] })
  const manager = { apiKeyId: "bootstrap", scopes: ["latchkey:introspect", "latchkey:manage"] }
  expect(find(first)).toMatchObject({ ...manager, owner: { role: "admin" } })
  expect(find(second)).toMatchObject(manager)
  expect(find(gateway)).toMatchObject({
    apiKeyId: "introspection",
    scopes: ["latchkey:introspect"],
    owner: { role: "user" },
  })
  for (const other of [newKey(), "", first.slice(1), first.toUpperCase(), `${first} `]) {
    expect(find(other)).toBeNull()
  }
  expect(createConfiguredKeys({}).find(first)).toBeNull()
})

test("a configured key is found by its fingerprint, as long as it is configured", () => {
  const [first, second] = [newKey(), newKey()]
  const fingerprintOf = (key: string) => {
    const caller = createConfiguredKeys({ bootstrap: [key] }).find(key)
    return caller?.via === "apiKey" ? (caller.fingerprint ?? "") : ""
  }
  const { find, findByFingerprint } = createConfiguredKeys({ bootstrap: [first, second] })
  expect(findByFingerprint(fingerprintOf(first))).toBe(find(first))
  expect(findByFingerprint(fingerprintOf(second))).toBe(find(second))
  expect(fingerprintOf(first)).not.toBe(fingerprintOf(second))
  expect(createConfiguredKeys({ bootstrap: [second] }).findByFingerprint(fingerprintOf(first))).toBeNull()
  expect(first).not.toContain(fingerprintOf(first))
})

test("a text without the format of a key is refused, and not repeated", () => {
  expect(() => createConfiguredKeys({ bootstrap: ["a password"] })).toThrow(
    "configuredKeys: expected texts in the form of a key",
  )
})
