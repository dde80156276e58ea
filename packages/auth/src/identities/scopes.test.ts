import { expect, test } from "vitest"
import { createScopes, requireScopes } from "./scopes.ts"

const scopes = createScopes(["reports:read", "reports:write"])
const unlimited = { scopes: scopes.declared, isScoped: false }
const reader = { scopes: ["reports:read"], isScoped: true }

test("a credential without a list has every declared scope, and unknown ones grant nothing", () => {
  expect(scopes.expand(null)).toEqual(["reports:read", "reports:write"])
  expect(scopes.expand([])).toEqual([])
  expect(scopes.expand(["reports:write", "billing:read"])).toEqual(["reports:write"])
})

test("a key gets the requested scopes, once each", () => {
  expect(scopes.grant(unlimited, ["reports:read", "reports:read"])).toEqual(["reports:read"])
  expect(scopes.grant(unlimited, [])).toEqual([])
  expect(scopes.grant(unlimited, null)).toBeNull()
})

test("a limited caller gives a key no more than it has", () => {
  expect(scopes.grant(reader, null)).toEqual(["reports:read"])
  expect(scopes.grant(reader, ["reports:read"])).toEqual(["reports:read"])
  expect(() => scopes.grant(reader, ["reports:read", "reports:write"])).toThrow(
    expect.objectContaining({ reason: "INSUFFICIENT_SCOPE", scope: ["reports:read", "reports:write"] }),
  )
})

test.each(["billing:read", "latchkey:introspect", "latchkey:manage"])("%s can't be requested", (scope) => {
  const error = expect.objectContaining({ reason: "INVALID_INPUT", field: "scopes" })
  expect(() => scopes.grant(unlimited, [scope])).toThrow(error)
  expect(() => scopes.grant(reader, [scope])).toThrow(error)
})

test("all required scopes are needed", () => {
  requireScopes(unlimited, ["reports:read", "reports:write"])
  requireScopes(reader, [])
  expect(() => requireScopes(reader, ["reports:read", "reports:write"])).toThrow(
    expect.objectContaining({ reason: "INSUFFICIENT_SCOPE" }),
  )
})

test.each([
  [["latchkey:manage"]],
  [["a b"]],
  [["a,b"]],
  [['"']],
  [[""]],
  [["é"]],
  [["a", "a"]],
  [["a".repeat(101)]],
])("%j can't be declared", (declared) => {
  expect(() => createScopes(declared)).toThrow(/^scopes: expected/)
})
