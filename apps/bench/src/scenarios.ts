import type { Bench } from "./bench.ts"
import { type CrowdResult, measureCrowd } from "./scenarios/crowd.ts"
import { type DistanceResult, measureDistance } from "./scenarios/distance.ts"
import { type FloodResult, measureFlood } from "./scenarios/flood.ts"
import { type GuessesResult, measureGuesses } from "./scenarios/guesses.ts"
import { type LeaseFaultsResult, measureLeaseFaults } from "./scenarios/leaseFaults.ts"
import { type MemoryResult, measureMemory } from "./scenarios/memory.ts"
import { measureNginx, type NginxResult } from "./scenarios/nginx.ts"
import { measureRevocations, type RevocationsResult } from "./scenarios/revocations.ts"
import { startScenarioServer } from "./scenarios/scenarioServer.ts"
import { measureSplitBrain, type SplitBrainResult } from "./scenarios/splitBrain.ts"
import { measureStart, type StartResult } from "./scenarios/start.ts"
import { measureWorkers, type WorkersResult } from "./scenarios/workers.ts"

/** Results of the scenarios that measure only Latchkey; absent if not selected. */
export interface ScenarioResults {
  flood?: FloodResult
  guesses?: GuessesResult
  revocations?: RevocationsResult
  crowd?: CrowdResult
  nginx?: NginxResult
  workers?: WorkersResult
  distance?: DistanceResult
  leaseFaults?: LeaseFaultsResult
  splitBrain?: SplitBrainResult
  memory?: MemoryResult
  start?: StartResult
}

export const scenarioNames = [
  "flood",
  "guesses",
  "revocations",
  "crowd",
  "nginx",
  "workers",
  "distance",
  "lease-faults",
  "split-brain",
  "memory",
  "start",
] as const

/** Runs the selected scenarios in sequence. Those that don't depend on a fresh process share one server. */
export async function runScenarios(bench: Bench, chosen: readonly string[]): Promise<ScenarioResults> {
  const results: ScenarioResults = {}
  if (["flood", "guesses", "revocations"].some((name) => chosen.includes(name))) {
    const server = await startScenarioServer(bench, "scenarios")
    if (chosen.includes("flood")) results.flood = await measureFlood(bench, server)
    if (chosen.includes("guesses")) results.guesses = await measureGuesses(bench, server)
    if (chosen.includes("revocations")) results.revocations = await measureRevocations(bench, server)
    await server.process.stop()
  }
  if (chosen.includes("crowd")) results.crowd = await measureCrowd(bench)
  if (chosen.includes("nginx")) results.nginx = await measureNginx(bench)
  if (chosen.includes("workers")) results.workers = await measureWorkers(bench)
  if (chosen.includes("distance")) results.distance = await measureDistance(bench)
  if (chosen.includes("lease-faults")) results.leaseFaults = await measureLeaseFaults(bench)
  if (chosen.includes("split-brain")) results.splitBrain = await measureSplitBrain(bench)
  if (chosen.includes("memory")) results.memory = await measureMemory(bench)
  if (chosen.includes("start")) results.start = await measureStart(bench)
  return results
}
