import type { Bench } from "./bench.ts"
import type { Contender } from "./contenders.ts"
import { answersOf, expectOnlyGood } from "./load.ts"
import type { LoadResult, StreamOptions } from "./loadProtocol.ts"
import type { PostgresUsage } from "./postgresAccounting.ts"
import { type RunningContender, startContender } from "./runningContender.ts"

/** One contender in one round. CPU microseconds, statements and rows are per request. */
export interface Measurement {
  requestsPerSecond: number
  serverCpu: number
  /** Null without PostgreSQL, or if the system does not report it. */
  postgresCpu: number | null
  statements: number
  rowsWritten: number
  /** Written rows that a request waited for. */
  rowsWrittenBeforeResponse: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** The load generator's share of a core. Near 1, it limits the requests per second. */
  loadUtilization: number
}

export interface ContenderResult {
  contender: Contender
  rounds: Measurement[]
  peakRssBytes: number
}

/**
 * Measures contenders side by side. All are started and warmed up; then each round measures them one after the other,
 * so that a temporary disturbance of the machine affects all of them.
 */
export async function runRounds(bench: Bench, contenders: readonly Contender[]): Promise<ContenderResult[]> {
  const { scale, progress } = bench
  const entries: { running: RunningContender; rounds: Measurement[]; before: PostgresUsage }[] = []
  for (const contender of contenders) {
    progress(`warming up ${contender.name}`)
    const running = await startContender(bench, contender)
    if (contender.amount === undefined) await runLoad(bench, running, scale.warmUp)
    entries.push({ running, rounds: [], before: await bench.postgresUsageOf(running.postgresUser) })
  }
  for (let round = 1; round <= scale.rounds; round++) {
    for (const entry of entries) {
      const { measurement, postgres } = await measure(bench, entry.running, entry.before)
      entry.before = postgres
      entry.rounds.push(measurement)
      const figures = `${Math.round(measurement.requestsPerSecond)}/s, ${Math.round(measurement.serverCpu)} µs`
      progress(`round ${round} of ${scale.rounds}: ${entry.running.contender.name}, ${figures}`)
    }
  }
  const results: ContenderResult[] = []
  for (const { running, rounds } of entries) {
    const { peakRssBytes } = await running.process.usage()
    results.push({ contender: running.contender, rounds, peakRssBytes })
    await running.client?.stop()
    await running.process.stop()
  }
  return results
}

/**
 * The server's CPU time covers this measurement. PostgreSQL's work is counted from the end of the previous measurement
 * to the end of this one, so that it includes what a contender writes after its responses.
 */
async function measure(bench: Bench, running: RunningContender, before: PostgresUsage) {
  const { contender, process, postgresUser } = running
  const loadProcess = running.client ?? bench.load.process
  const [server, load] = [await process.usage(), await loadProcess.usage()]
  const result = await runLoad(bench, running, roundLength(bench, contender))
  const [serverAfter, loadAfter] = [await process.usage(), await loadProcess.usage()]
  const postgres = await bench.postgresUsageOf(postgresUser)

  const requests = answersOf(result)
  const perRequest = (now: number, then: number) => (now - then) / requests
  const rowsWritten = perRequest(postgres.rowsWritten, before.rowsWritten)
  const measurement: Measurement = {
    requestsPerSecond: requests / result.seconds,
    serverCpu: perRequest(serverAfter.cpuMicros, server.cpuMicros),
    postgresCpu:
      contender.database === undefined || postgres.cpuMicros === null || before.cpuMicros === null
        ? null
        : perRequest(postgres.cpuMicros, before.cpuMicros),
    statements: perRequest(postgres.statements, before.statements),
    rowsWritten,
    rowsWrittenBeforeResponse:
      rowsWritten - perRequest(postgres.rowsWrittenInBackground, before.rowsWrittenInBackground),
    p50: result.p50,
    p99: result.p99,
    loadUtilization: (loadAfter.cpuMicros - load.cpuMicros) / 1e6 / result.seconds,
  }
  return { measurement, postgres }
}

const roundLength = ({ scale }: Bench, { amount }: Contender) =>
  amount === undefined ? { seconds: scale.seconds } : { amount }

async function runLoad(
  { load }: Bench,
  { contender, client, url, credentials }: RunningContender,
  amount: { seconds?: number; amount?: number },
): Promise<LoadResult> {
  const { connections, method } = contender
  const stream: StreamOptions = { url, credentials, connections, ...(method && { method }), ...amount }
  const [result] = client
    ? await client.request<[LoadResult]>({ run: stream }, "results")
    : await load.run(stream)
  expectOnlyGood(contender.name, result)
  return result
}
