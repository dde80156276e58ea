import type { DistanceResult } from "../scenarios/distance.ts"
import type { LeaseFaultsResult } from "../scenarios/leaseFaults.ts"
import type { ScenarioResults } from "../scenarios.ts"
import { formatFigure, formatNumber } from "./format.ts"
import { figureOf, percentileOf } from "./statistics.ts"

/** What the scenarios of leases have shown. */
export function leaseLines({ distance, leaseFaults, splitBrain }: ScenarioResults): string[] {
  return [
    distance && distanceLine(distance),
    leaseFaults && faultsLine(leaseFaults),
    splitBrain &&
      `split brain, answers of the cut-off side to revoked keys: ${JSON.stringify(splitBrain.withLeases)} with leases, ${JSON.stringify(splitBrain.withoutLeases)} without`,
  ].filter((line) => line !== undefined)
}

function distanceLine({ p50, p99, hotKeys, statements }: DistanceResult): string {
  const both = (name: keyof DistanceResult["p50"]) =>
    `${formatFigure(figureOf(p50[name]))} (p99 ${formatFigure(figureOf(p99[name]))})`
  return (
    `80 ms from the database, p50 in ms: ${both("open")} without authentication, ${both("lease")} with leases, ` +
    `${both("read")} with reads, ${both("betterAuth")} with Better Auth; ` +
    `with ${formatNumber(hotKeys)} keys in memory ${formatFigure(figureOf(statements))} statements a request`
  )
}

function faultsLine({ took, faults, afterwards, good }: LeaseFaultsResult): string {
  const both = (kind: keyof LeaseFaultsResult["took"]) => {
    const [p50, p99] = [50, 99].map((percent) => formatNumber(percentileOf(took[kind], percent)))
    return `p50 ${p50}, p99 ${p99} (${took[kind].length})`
  }
  return (
    `revocations 80 ms from the database, ms: ${both("withoutLeases")} without leases, ${both("well")} with, ` +
    `${both("oneHangs")} while an instance hangs, ${both("faults")} amid faults ${JSON.stringify(faults)}; ` +
    `answers to revoked keys afterwards ${JSON.stringify(afterwards)}, to others ${JSON.stringify(good)}`
  )
}
