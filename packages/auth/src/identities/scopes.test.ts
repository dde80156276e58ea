import { expect, test } from "vitest"
import { createScopes, requireScopes } from "./scopes.ts"

const LIST = "latchkey:apikeys:read"
const INTROSPECT = "latchkey:introspect"
const MANAGE = "latchkey:manage"

const scopes = createScopes(["reports:read", "reports:write"])
const unlimited = { scopes: scopes.declared, isScoped: false }
const reader = { scopes: ["reports:read"], isScoped: true }
const user = { isAdministrator: false }
const administrator = { isAdministrator: true }

test("a credential without a list has every declared scope, and unknown scopes grant nothing", () => {
  expect(scopes.expand(null)).toEqual(["reports:read", "reports:write"])
  expect(scopes.expand([])).toEqual([])
  expect(scopes.expand(["reports:write", "billing:read", MANAGE])).toEqual(["reports:write"])
})

test("a key gets the requested scopes, once each", () => {
  expect(scopes.grant(unlimited, ["reports:read", "reports:read"], user)).toEqual(["reports:read"])
  expect(scopes.grant(unlimited, [], user)).toEqual([])
  expect(scopes.grant(unlimited, null, user)).toBeNull()
})

test("a limited caller gives a key no more than it has", () => {
  expect(scopes.grant(reader, null, user)).toEqual(["reports:read"])
  expect(scopes.grant(reader, ["reports:read", LIST], user)).toEqual(["reports:read", LIST])
  expect(() => scopes.grant(reader, ["reports:read", "reports:write"], user)).toThrow(
    expect.objectContaining({ reason: "INSUFFICIENT_SCOPE", scope: ["reports:read", "reports:write"] }),
  )
})

test("any owner can let a key list keys; only administrators can give Latchkey's other scopes", () => {
  expect(scopes.grant(unlimited, [LIST], user)).toEqual([LIST])
  for (const scope of [INTROSPECT, MANAGE]) {
    const refusal = expect.objectContaining({ reason: "FORBIDDEN" })
    expect(() => scopes.grant(unlimited, [scope], user)).toThrow(refusal)
    expect(() => scopes.grant({ ...reader, scopes: [scope] }, [scope], administrator)).toThrow(refusal)
    expect(scopes.grant(unlimited, [scope], administrator)).toEqual([scope])
  }
})

test.each(["billing:read", "latchkey:apikeys:write", "latchkey:", "latchkey:admin"])(
  "%s can't be given",
  (scope) => {
    const error = expect.objectContaining({ reason: "INVALID_INPUT", field: "scopes" })
    expect(() => scopes.grant(unlimited, [scope], administrator)).toThrow(error)
    expect(() => scopes.grant(reader, [scope], user)).toThrow(error)
  },
)

test("a key has Latchkey's scopes only by name, and administrative ones while its owner is an administrator", () => {
  const stored = ["reports:read", LIST, INTROSPECT, MANAGE, "latchkey:apikeys:write"]
  expect(scopes.ofKey(null, { role: "admin" })).toEqual(["reports:read", "reports:write"])
  expect(scopes.ofKey(stored, { role: "admin" })).toEqual(["reports:read", LIST, INTROSPECT, MANAGE])
  expect(scopes.ofKey(stored, { role: "user" })).toEqual(["reports:read", LIST])
})

test("all required scopes are needed", () => {
  requireScopes(unlimited, ["reports:read", "reports:write"])
  requireScopes(reader, [])
  expect(() => requireScopes(reader, ["reports:read", "reports:write"])).toThrow(
    expect.objectContaining({ reason: "INSUFFICIENT_SCOPE" }),
  )
})

test("only a key with a list of scopes needs one to list keys", () => {
  requireScopes({ ...unlimited, via: "apiKey" }, [LIST])
  requireScopes({ ...reader, via: "jwt" }, [LIST])
  requireScopes({ scopes: [LIST], isScoped: true, via: "apiKey" }, [LIST])
  expect(() => requireScopes({ ...reader, via: "apiKey" }, [LIST])).toThrow(
    expect.objectContaining({ reason: "INSUFFICIENT_SCOPE", scope: [LIST] }),
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
