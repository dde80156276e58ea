import { expect, test } from "vitest"
import { createFailureBudget } from "./failureBudget.ts"

test("each key has a budget of failures per window, and successes are refunded", () => {
  let now = 1
  const budget = createFailureBudget({ count: 2, seconds: 60 }, () => now)
  expect([budget.consume("a"), budget.consume("a")]).toEqual([0, 0])
  now += 15_000
  expect(budget.consume("a")).toBe(45)
  expect(budget.consume("b")).toBe(0)

  budget.refund("a")
  expect(budget.consume("a")).toBe(0)
  expect(budget.consume("a")).toBe(45)

  now += 45_001
  expect([budget.consume("a"), budget.consume("a")]).toEqual([0, 0])
  expect(budget.consume("a")).toBe(60)
})

test("the number of keys is bounded, and the oldest is forgotten first", () => {
  const budget = createFailureBudget({ count: 1, seconds: 3600 })
  budget.consume("old")
  budget.consume("young")
  for (let i = 0; i < 9_999; i++) budget.consume(`other ${i}`)
  expect(budget.consume("young")).toBeGreaterThan(0)
  expect(budget.consume("old")).toBe(0)
})
