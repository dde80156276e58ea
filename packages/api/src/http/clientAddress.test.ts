import fc from "fast-check"
import { expect, test } from "vitest"
import { clientAddress, knownClientAddress } from "./clientAddress.ts"

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

test.each<[string | undefined, Record<string, string>, number | undefined, string | null]>([
  ["203.0.113.7", {}, 0, "203.0.113.7"],
  [undefined, {}, 0, null],
  ["203.0.113.7", { "x-forwarded-for": "198.51.100.1" }, 0, null],
  ["203.0.113.7", { forwarded: "for=198.51.100.1" }, 0, null],
  ["203.0.113.7", { "x-real-ip": "198.51.100.1" }, 0, null],
  ["10.0.0.1", { "x-forwarded-for": "198.51.100.1" }, 1, "198.51.100.1"],
  ["10.0.0.1", { "x-forwarded-for": "192.0.2.1, 198.51.100.1" }, 1, "198.51.100.1"],
  ["10.0.0.1", { "x-forwarded-for": "198.51.100.1, 10.0.0.2" }, 2, "198.51.100.1"],
  ["10.0.0.1", { "x-forwarded-for": "198.51.100.1" }, 2, null],
  ["10.0.0.1", {}, 1, null],
  ["10.0.0.1", { "x-forwarded-for": "unknown" }, 1, null],
  ["203.0.113.7", { "x-forwarded-for": "198.51.100.1" }, undefined, "203.0.113.7"],
  [undefined, {}, undefined, null],
])("from %s with %j behind %s proxies, the certain address is %s", (peer, headers, trusted, expected) => {
  expect(knownClientAddress(peer, new Headers(headers), trusted)).toBe(expected)
})
