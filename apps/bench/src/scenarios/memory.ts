import type { Bench } from "../bench.ts"
import { expectOnlyGood } from "../load.ts"
import { startScenarioServer } from "./scenarioServer.ts"

export interface MemoryResult {
  fewKeys: number
  manyKeys: number
  /** Bytes, after `fewKeys` and `manyKeys` different keys. */
  peakRssAfterFew: number
  peakRssAfterMany: number
}

const FEW_KEYS = 1_000

/**
 * Measures the memory cost of many different keys. Any requests make a new process grow, so the baseline is taken after
 * the same number of requests with few keys.
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
  progress(`verifying ${FEW_KEYS} keys repeatedly`)
  const peakRssAfterFew = await send(FEW_KEYS, requests)
  progress(`verifying ${requests.toLocaleString("en")} different keys`)
  const peakRssAfterMany = await send(requests, requests)
  await server.process.stop()
  return { fewKeys: FEW_KEYS, manyKeys: requests, peakRssAfterFew, peakRssAfterMany }
}
