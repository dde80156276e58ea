import { expect, test } from "vitest"
import { niceMax } from "./UsageChart.tsx"

test.each([
  [0, 2],
  [1, 2],
  [3, 4],
  [9, 10],
  [11, 20],
  [440, 600],
  [4_937, 6_000],
  [1_000_000, 1_000_000],
])("the axis of a chart with %i calls a day ends at %i", (count, max) => {
  expect(niceMax(count)).toBe(max)
})
