import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createExpiry } from "./expiry.ts"

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2030-01-01T12:00:00Z") })
})
afterEach(() => {
  vi.useRealTimers()
})

const invalid = expect.objectContaining({ reason: "INVALID_INPUT", field: "expiresAt" })

test("without a maximum lifetime, a key expires when its owner says, or never", () => {
  const expiry = createExpiry(null)
  expect(expiry.ofNewKey(undefined)).toBeNull()
  expect(expiry.ofNewKey(null)).toBeNull()
  const later = new Date("2999-01-01T00:00:00Z")
  expect(expiry.ofNewKey(later)).toBe(later)
  expect(() => expiry.ofNewKey(new Date("2030-01-01T12:00:00Z"))).toThrow("expiresAt must be in the future")
})

test("with a maximum lifetime, a key expires at the end of its last day at the latest", () => {
  const expiry = createExpiry(90)
  const last = new Date("2030-04-01T23:59:59.999Z")
  expect(expiry.ofNewKey(undefined)).toEqual(last)
  expect(expiry.ofNewKey(last)).toEqual(last)
  for (const chosen of [null, new Date(last.getTime() + 1)]) {
    expect(() => expiry.ofNewKey(chosen)).toThrow(invalid)
    expect(() => expiry.ofNewKey(chosen)).toThrow("within 90 days")
  }
})

test("the maximum lifetime of an existing key counts from its creation", () => {
  const expiry = createExpiry(90)
  const created = new Date("2029-12-01T12:00:00Z")
  expect(expiry.refuse(new Date("2030-03-01T23:59:59.999Z"), created)).toBeNull()
  expect(expiry.refuse(new Date("2030-03-02T00:00:00Z"), created)).toEqual(invalid)
  expect(expiry.refuse(null, created)).toEqual(invalid)
})
