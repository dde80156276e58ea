import { expect, test } from "vitest"
import { formatRelative, formatWait } from "./formatTime.ts"

const now = Date.parse("2026-11-22T16:00:00Z")

test.each([
  [0, "just now"],
  [-59, "just now"],
  [30, "in a moment"],
  [-60, "1 minute ago"],
  [-3 * 60, "3 minutes ago"],
  [-3_599, "59 minutes ago"],
  [-7_300, "2 hours ago"],
  [-90_000, "yesterday"],
  [-3 * 86_400, "3 days ago"],
  [10 * 86_400, "next week"],
  [-70 * 86_400, "2 months ago"],
  [-800 * 86_400, "2 years ago"],
])("%i seconds from now is %s", (seconds, text) => {
  expect(formatRelative(new Date(now + seconds * 1000), now)).toBe(text)
})

test.each([
  [1, "1 second"],
  [89, "89 seconds"],
  [90, "2 minutes"],
  [841, "15 minutes"],
])("a wait of %i seconds is %s", (seconds, text) => {
  expect(formatWait(seconds)).toBe(text)
})
