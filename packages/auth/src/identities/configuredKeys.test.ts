import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { createFindConfiguredKey } from "./configuredKeys.ts"

const newKey = () => randomBytes(32).toString("hex")

test("configured keys are found, and no others", () => {
  const [first, second, gateway] = [newKey(), newKey(), newKey()]
  const find = createFindConfiguredKey({ bootstrap: [first, second], introspection: [gateway] })
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
  expect(createFindConfiguredKey({})(first)).toBeNull()
})

test("a text without the form of a key is refused, and not repeated", () => {
  expect(() => createFindConfiguredKey({ bootstrap: ["a password"] })).toThrow(
    "configuredKeys: expected texts in the form of a key",
  )
})
