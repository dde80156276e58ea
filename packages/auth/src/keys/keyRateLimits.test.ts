import { expect, test } from "vitest"
import { createKeyRateLimits } from "./keyRateLimits.ts"

const configured = { limit: 100, window: 60 }
const { effective, refuse } = createKeyRateLimits(configured)

test.each([
  [{ limit: 100, window: 60 }],
  [{ limit: 1, window: 1 }],
  [{ limit: 50, window: 30 }],
  [{ limit: 100, window: 86_400 }],
])("an owner may give a key a limit that allows no more calls: %j", (rateLimit) => {
  expect(refuse({ rateLimit, scopes: null })).toBeNull()
})

test.each([
  [{ limit: 101, window: 60 }],
  [{ limit: 2, window: 1 }],
  [{ limit: 51, window: 30 }],
  [{ limit: 60, window: 45 }],
  // Within the rate, but all at once.
  [{ limit: 6_000, window: 3_600 }],
])("an owner can't give a key a limit that allows more calls: %j", (rateLimit) => {
  expect(refuse({ rateLimit, scopes: null })).toMatchObject({
    reason: "INVALID_INPUT",
    field: "rateLimit",
    message: "rateLimit must not allow more than 100 calls in 60 s",
  })
})

test("keys without a limit of their own have the configured one, except keys of the product's backends", () => {
  const own = { limit: 5, window: 1 }
  expect(effective({ rateLimit: null, scopes: null })).toEqual(configured)
  expect(effective({ rateLimit: null, scopes: ["latchkey:apikeys:read"] })).toEqual(configured)
  expect(effective({ rateLimit: own, scopes: null })).toEqual(own)
  for (const scope of ["latchkey:introspect", "latchkey:manage"]) {
    expect(effective({ rateLimit: null, scopes: ["reports:read", scope] })).toBeNull()
    expect(effective({ rateLimit: own, scopes: [scope] })).toEqual(own)
    expect(refuse({ rateLimit: { limit: 1_000_000, window: 1 }, scopes: [scope] })).toBeNull()
  }
})

test("without a configured limit, owners choose", () => {
  const unlimited = createKeyRateLimits(null)
  expect(unlimited.effective({ rateLimit: null, scopes: null })).toBeNull()
  expect(unlimited.refuse({ rateLimit: { limit: 1_000_000_000, window: 1 }, scopes: null })).toBeNull()
})
