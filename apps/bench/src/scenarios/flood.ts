import type { Bench } from "../bench.ts"
import { guessAt, spread, unknownKeyAt } from "../keys.ts"
import { expectOnlyGood, goodRateOf } from "../load.ts"
import type { RunningContender } from "../runningContender.ts"

export interface FloodResult {
  /** Accepted requests per second in each round, during a flood of good keys and of wrong keys. */
  duringGoodFlood: number[]
  duringWrongFlood: number[]
  wrongPerSecond: number[]
  /** The total of all rounds. */
  bcrypts: number
}

/** The number of keys of each wrong kind. */
const WRONG_KEYS = 1_000

/**
 * Half of the connections send good keys. The other half sends as many requests as it can, first with good keys, then
 * with wrong ones, of which half have an existing lookup id.
 */
export async function measureFlood(bench: Bench, server: RunningContender): Promise<FloodResult> {
  const { scale, load } = bench
  const stream = { url: server.url, connections: scale.connections / 2, seconds: scale.seconds }
  const all = spread(scale.active, scale.keys)
  const half = { ...all, count: all.count / 2 }
  const good = { ...stream, credentials: { keys: half } }
  const goodFlood = { ...stream, credentials: { keys: { ...half, from: half.count * half.step } } }
  const wrongKeys = Array.from({ length: WRONG_KEYS }, (_, i) => [
    unknownKeyAt(i),
    guessAt(i % scale.active, i),
  ]).flat()
  const wrongFlood = { ...stream, credentials: { header: "x-api-key" as const, values: wrongKeys } }

  const result: FloodResult = { duringGoodFlood: [], duringWrongFlood: [], wrongPerSecond: [], bcrypts: 0 }
  const bcryptsBefore = (await server.process.usage()).bcrypts
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    const [duringGoodFlood, flood] = await load.run(good, goodFlood)
    expectOnlyGood("good keys", duringGoodFlood)
    expectOnlyGood("a flood of good keys", flood)
    const [duringWrongFlood, wrong] = await load.run(good, wrongFlood)
    expectOnlyGood("good keys during a flood of wrong ones", duringWrongFlood)
    if (Object.keys(wrong.statuses).some((status) => status !== "401")) {
      throw new Error(`expected 401 for wrong keys, got ${JSON.stringify(wrong.statuses)}`)
    }
    result.duringGoodFlood.push(goodRateOf(duringGoodFlood))
    result.duringWrongFlood.push(goodRateOf(duringWrongFlood))
    result.wrongPerSecond.push((wrong.statuses[401] ?? 0) / wrong.seconds)
    bench.progress(`round ${round} of ${scale.scenarioRounds}: flood of wrong keys`)
  }
  result.bcrypts = (await server.process.usage()).bcrypts - bcryptsBefore
  return result
}
