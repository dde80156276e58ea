import { describe, expect, test } from "vitest"
import { loadSimulation } from "./loadSimulation.ts"
import { mutants } from "./mutants.ts"
import { scenarios } from "./scenarios.ts"
import { simulate } from "./simulate.ts"

/** Enough to run in seconds; `simulateMany.ts` runs more. */
const RUNS = 15

describe("no request that began after a revocation was answered is accepted", () => {
  test.each(Object.entries(scenarios))(
    "%s",
    async (_, scenario) => {
      for (let seed = 1; seed <= RUNS; seed++) {
        const { violations, remembered } = await simulate(scenario, seed)
        expect({ seed, violations }).toEqual({ seed, violations: [] })
        // A run in which nothing comes from memory proves nothing.
        expect(remembered).toBeGreaterThan(0)
      }
    },
    180_000,
  )
})

describe("the simulation notices", () => {
  test.each(Object.entries(mutants))(
    "%s",
    async (_, { scenario, mutations, seed }) => {
      const mutant = await loadSimulation(mutations)
      expect((await mutant.simulate(scenarios[scenario], seed)).violations).not.toEqual([])
    },
    180_000,
  )
})
