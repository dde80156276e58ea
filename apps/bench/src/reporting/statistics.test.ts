import { describe, expect, it } from "vitest"
import { figureOf, pairedFigure, percentileOf } from "./statistics.ts"

describe("figureOf", () => {
  it("takes the median of an odd number of rounds, in numeric order", () => {
    expect(figureOf([100, 9, 20])).toEqual({ median: 20, min: 9, max: 100 })
  })
  it("takes the mean of the two middle rounds of an even number", () => {
    expect(figureOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 })
  })
  it("throws without rounds", () => {
    expect(() => figureOf([])).toThrow(RangeError)
  })
})

describe("percentileOf", () => {
  it("takes the nearest rank, in numeric order", () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i)
    expect([50, 99, 100].map((percent) => percentileOf(values, percent))).toEqual([100, 198, 200])
    expect(percentileOf([7], 99)).toBe(7)
  })
  it("throws without values", () => {
    expect(() => percentileOf([], 50)).toThrow(RangeError)
  })
})

describe("pairedFigure", () => {
  it("compares values of the same round", () => {
    const slow = [10, 20, 40]
    const fast = [5, 10, 20]
    expect(pairedFigure([slow, fast], (a, b) => a / b)).toEqual({ median: 2, min: 2, max: 2 })
  })
  it("combines three contenders", () => {
    expect(pairedFigure([[30], [10], [5]], (a, b, c) => (a - b) / c).median).toBe(4)
  })
  it("throws if the numbers of rounds differ", () => {
    expect(() => pairedFigure([[1, 2], [1]], (a, b) => a / b)).toThrow(RangeError)
  })
})
