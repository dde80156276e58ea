import fc from "fast-check"
import { expect, test } from "vitest"
import { clientAddress } from "./clientAddress.ts"

test.each([
  [0, undefined, "10.0.0.1"],
  [0, "1.1.1.1", "10.0.0.1"],
  [1, undefined, "10.0.0.1"],
  [1, "6.6.6.6, 1.1.1.1", "1.1.1.1"],
  [2, "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"],
  [3, "1.1.1.1", "1.1.1.1"],
  [1, "6.6.6.6,1.1.1.1:50123", "1.1.1.1"],
  [1, "2001:db8::1", "2001:db8::1"],
  [1, "[2001:db8::1]", "2001:db8::1"],
  [1, "[2001:db8::1]:50123", "2001:db8::1"],
  [1, "6.6.6.6, ", "10.0.0.1"],
  [1, "", "10.0.0.1"],
  [1, "unknown", "10.0.0.1"],
  [1, "_hidden:17", "10.0.0.1"],
  [1, "1.1.1", "10.0.0.1"],
  [1, "0x7f.1", "10.0.0.1"],
  [1, "[1.1.1.1", "10.0.0.1"],
  [2, "6.6.6.6, nonsense, 10.0.0.2", "10.0.0.1"],
])("behind %i proxies, X-Forwarded-For %j means %s", (trustedProxies, forwardedFor, expected) => {
  expect(clientAddress("10.0.0.1", forwardedFor, trustedProxies)).toBe(expected)
})

test("a client can't forge the address that a trusted proxy recorded", () => {
  const hops = fc.array(fc.ipV4(), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.string(), hops, (forged, recorded) => {
      expect(clientAddress("10.0.0.1", [forged, ...recorded].join(", "), recorded.length)).toBe(recorded[0])
    }),
  )
})
