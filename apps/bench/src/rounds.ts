import type { Bench } from "./bench.ts"
import type { Contender } from "./contenders.ts"
import { answersOf, expectOnlyGood } from "./load.ts"
import type { LoadResult, StreamOptions } from "./loadProtocol.ts"
import type { PostgresUsage } from "./postgresAccounting.ts"
import { type RunningContender, startContender } from "./runningContender.ts"

/** One contender in one round. Microseconds of CPU, statements and rows are for each request. */
export interface Measurement {
  requestsPerSecond: number
  serverCpu: number
  /** Null without PostgreSQL, or where the system does not say. */
  postgresCpu: number | null
  statements: number
  rowsWritten: number
  /** Of these, those that a request waited for. */
  rowsWrittenInTheWay: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** How busy the load's process was; near 1 it is what limits the requests a second. */
  loadBusy: number
}

export interface ContenderResult {
  contender: Contender
  rounds: Measurement[]
  peakRssBytes: number
}

/**
 * Measures contenders side by side: all are started and warmed up, and then take turns, round after round, so
 * that what disturbs the machine for a while disturbs all alike.
 */
export async function runRounds(bench: Bench, contenders: readonly Contender[]): Promise<ContenderResult[]> {
  const { scale, progress } = bench
  const turns: { running: RunningContender; rounds: Measurement[]; before: PostgresUsage }[] = []
  for (const contender of contenders) {
    progress(`warming up ${contender.name}`)
    const running = await startContender(bench, contender)
    if (contender.amount === undefined) await runLoad(bench, running, scale.warmUp)
    turns.push({ running, rounds: [], before: await bench.postgresUsageOf(running.postgresUser) })
  }
  for (let round = 1; round <= scale.rounds; round++) {
    for (const turn of turns) {
      const { measurement, postgres } = await measure(bench, turn.running, turn.before)
      turn.before = postgres
      turn.rounds.push(measurement)
      const figures = `${Math.round(measurement.requestsPerSecond)}/s, ${Math.round(measurement.serverCpu)} µs`
      progress(`round ${round} of ${scale.rounds}: ${turn.running.contender.name}, ${figures}`)
    }
  }
  const results: ContenderResult[] = []
  for (const { running, rounds } of turns) {
    const { peakRssBytes } = await running.process.usage()
    results.push({ contender: running.contender, rounds, peakRssBytes })
    await running.process.stop()
  }
  return results
}

/**
 * The server's CPU is that of the measurement. PostgreSQL's share runs from the end of the measurement before to
 * the end of this one, so that what a contender writes only after it has answered is counted too.
 */
async function measure(bench: Bench, running: RunningContender, before: PostgresUsage) {
  const { contender, process, postgresUser } = running
  const loadProcess = contender.inProcess ? process : bench.load.process
  const [server, load] = [await process.usage(), await loadProcess.usage()]
  const result = await runLoad(bench, running, amountOf(bench, contender))
  const [serverAfter, loadAfter] = [await process.usage(), await loadProcess.usage()]
  const postgres = await bench.postgresUsageOf(postgresUser)

  const requests = answersOf(result)
  const each = (now: number, then: number) => (now - then) / requests
  const rowsWritten = each(postgres.rowsWritten, before.rowsWritten)
  const measurement: Measurement = {
    requestsPerSecond: requests / result.seconds,
    serverCpu: each(serverAfter.cpuMicros, server.cpuMicros),
    postgresCpu:
      contender.database === undefined || postgres.cpuMicros === null || before.cpuMicros === null
        ? null
        : each(postgres.cpuMicros, before.cpuMicros),
    statements: each(postgres.statements, before.statements),
    rowsWritten,
    rowsWrittenInTheWay: rowsWritten - each(postgres.rowsWrittenAside, before.rowsWrittenAside),
    p50: result.p50,
    p99: result.p99,
    loadBusy: (loadAfter.cpuMicros - load.cpuMicros) / 1e6 / result.seconds,
  }
  return { measurement, postgres }
}

const amountOf = ({ scale }: Bench, { amount }: Contender) =>
  amount === undefined ? { seconds: scale.seconds } : { amount }

async function runLoad(
  { load }: Bench,
  { contender, process, url, credentials }: RunningContender,
  amount: { seconds?: number; amount?: number },
): Promise<LoadResult> {
  const stream: StreamOptions = { url, credentials, connections: contender.connections, ...amount }
  const [result] = contender.inProcess
    ? await process.ask<[LoadResult]>({ run: stream }, "results")
    : await load.run(stream)
  expectOnlyGood(contender.name, result)
  return result
}
