import { type BenchProcess, startProcess } from "./childProcess.ts"
import type { LoadResult, StreamOptions } from "./loadProtocol.ts"

/** The process that makes the load. */
export interface Load {
  process: BenchProcess
  /** Runs streams beside each other; a stream's result stands where the stream stood. */
  run<const Streams extends readonly StreamOptions[]>(
    ...streams: Streams
  ): Promise<{ [Stream in keyof Streams]: LoadResult }>
}

export async function startLoad(): Promise<Load> {
  const process = startProcess("../peers/dist/load.js")
  await process.hear("ready")
  return { process, run: (...streams) => process.ask({ runAll: streams }, "results") }
}

export const answersOf = ({ statuses }: LoadResult) =>
  Object.values(statuses).reduce((sum, count) => sum + count, 0)

/** Good answers a second. */
export const goodRateOf = (result: LoadResult) => (result.statuses[200] ?? 0) / result.seconds

/** @throws when anything but 200 came back: what is measured would not be what it is said to be. */
export function expectOnlyGood(who: string, result: LoadResult): void {
  const statuses = Object.keys(result.statuses)
  if (result.errors > 0 || statuses.length !== 1 || statuses[0] !== "200") {
    throw new Error(
      `${who} answered ${JSON.stringify(result.statuses)}, with ${result.errors} broken connections`,
    )
  }
}
