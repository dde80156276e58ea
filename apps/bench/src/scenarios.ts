import type { Bench } from "./bench.ts"
import { type FloodResult, measureFlood } from "./scenarios/flood.ts"
import { type GuessesResult, measureGuesses } from "./scenarios/guesses.ts"
import { type MemoryResult, measureMemory } from "./scenarios/memory.ts"
import { measureRevocations, type RevocationsResult } from "./scenarios/revocations.ts"
import { measureStart, type StartResult } from "./scenarios/start.ts"

/** What is measured of Latchkey alone; absent where it was not chosen. */
export interface ScenarioResults {
  flood?: FloodResult
  guesses?: GuessesResult
  revocations?: RevocationsResult
  memory?: MemoryResult
  start?: StartResult
}

export const scenarioNames = ["flood", "guesses", "revocations", "memory", "start"] as const

/** One after the other, each on a server of its own. */
export async function runScenarios(bench: Bench, chosen: readonly string[]): Promise<ScenarioResults> {
  return {
    ...(chosen.includes("flood") && { flood: await measureFlood(bench) }),
    ...(chosen.includes("guesses") && { guesses: await measureGuesses(bench) }),
    ...(chosen.includes("revocations") && { revocations: await measureRevocations(bench) }),
    ...(chosen.includes("memory") && { memory: await measureMemory(bench) }),
    ...(chosen.includes("start") && { start: await measureStart(bench) }),
  }
}
