import type { Bench } from "../bench.ts"
import { expectOnlyGood } from "../load.ts"
import { startScenarioServer } from "./scenarioServer.ts"

export interface MemoryResult {
  fewKeys: number
  manyKeys: number
  /** Bytes: the most that was ever resident, after these many different keys. */
  peakRssAfterFew: number
  peakRssAfterMany: number
}

const FEW_KEYS = 1_000

/**
 * What the number of different keys costs in memory. A process that has just started grows with the first
 * requests whatever they are, so the few keys are sent over and over, as many requests as there are different keys.
 */
export async function measureMemory(bench: Bench): Promise<MemoryResult> {
  const { scale, load, progress } = bench
  const server = await startScenarioServer(bench, "memory")
  const stream = { url: server.url, connections: scale.connections }
  async function send(count: number, amount: number) {
    const keys = { from: 0, count, step: 1 }
    const [result] = await load.run({ ...stream, amount, credentials: { keys } })
    expectOnlyGood("Latchkey", result)
    return (await server.process.usage()).peakRssBytes
  }
  const requests = scale.memoryKeys
  progress(`verifying ${FEW_KEYS} keys over and over`)
  const peakRssAfterFew = await send(FEW_KEYS, requests)
  progress(`verifying ${requests.toLocaleString("en")} different keys`)
  const peakRssAfterMany = await send(requests, requests)
  await server.process.stop()
  return { fewKeys: FEW_KEYS, manyKeys: requests, peakRssAfterFew, peakRssAfterMany }
}
