import { type BenchProcess, startProcess } from "./childProcess.ts"
import type { LoadResult, StreamOptions } from "./loadProtocol.ts"

/** The load generator. */
export interface Load {
  process: BenchProcess
  /** Runs streams concurrently, and returns their results in the same order. */
  run<const Streams extends readonly StreamOptions[]>(
    ...streams: Streams
  ): Promise<{ [Stream in keyof Streams]: LoadResult }>
}

export async function startLoad(): Promise<Load> {
  const process = startProcess("../peers/dist/load.js")
  await process.receive("ready")
  return { process, run: (...streams) => process.request({ runAll: streams }, "results") }
}

export const answersOf = ({ statuses }: LoadResult) =>
  Object.values(statuses).reduce((sum, count) => sum + count, 0)

/** Responses with status 200 per second. */
export const goodRateOf = (result: LoadResult) => (result.statuses[200] ?? 0) / result.seconds

/** @throws if a response was not 200, since the measurement would be meaningless. */
export function expectOnlyGood(who: string, result: LoadResult): void {
  const statuses = Object.keys(result.statuses)
  if (result.errors > 0 || statuses.length !== 1 || statuses[0] !== "200") {
    throw new Error(
      `${who}: statuses ${JSON.stringify(result.statuses)} and ${result.errors} failed connections`,
    )
  }
}
