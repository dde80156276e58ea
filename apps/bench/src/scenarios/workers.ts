import { readFileSync } from "node:fs"
import type { Bench } from "../bench.ts"
import { LATCHKEY_SERVER, latchkeyEnv } from "../contenders.ts"
import { withChildren } from "../cores.ts"
import { spread } from "../keys.ts"
import { answersOf, expectOnlyGood, goodRateOf } from "../load.ts"
import { type RunningContender, startContender } from "../runningContender.ts"

/** By key, each round. */
export interface WorkersResult {
  /** Requests per second. */
  rate: { one: number[]; two: number[] }
  /** CPU time for a request in microseconds, of all processes of the server. */
  cpu: { one: number[]; two: number[] }
}

/**
 * Measures how many requests one process and two workers answer, in turns. Both may use all cores, and the load
 * generator and PostgreSQL use the rest. So with few cores, the ratio also shows how much of a core they need.
 */
export async function measureWorkers(bench: Bench): Promise<WorkersResult> {
  const { scale, load, progress } = bench
  const servers = { one: await startServer(bench, 1), two: await startServer(bench, 2) }
  async function measure({ url, credentials, contender, process }: RunningContender) {
    const before = cpuMicrosOf(process.pid)
    const [result] = await load.run({
      ...{ url, credentials, connections: scale.connections },
      seconds: scale.seconds,
    })
    expectOnlyGood(contender.title, result)
    return { rate: goodRateOf(result), cpu: (cpuMicrosOf(process.pid) - before) / answersOf(result) }
  }

  for (const { url, credentials } of Object.values(servers)) {
    await load.run({ url, credentials, connections: scale.connections, ...scale.warmUp })
  }
  const result: WorkersResult = { rate: { one: [], two: [] }, cpu: { one: [], two: [] } }
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    for (const which of ["one", "two"] as const) {
      const { rate, cpu } = await measure(servers[which])
      result.rate[which].push(rate)
      result.cpu[which].push(cpu)
      progress(
        `round ${round} of ${scale.scenarioRounds}: ${which}, ${Math.round(rate)}/s, ${Math.round(cpu)} µs`,
      )
    }
  }
  await servers.one.process.stop()
  await servers.two.process.stop()
  return result
}

function startServer(bench: Bench, workers: number) {
  const { scale, secret } = bench
  const cores = bench.cores && { ...bench.cores, server: `${bench.cores.server},${bench.cores.others}` }
  return startContender(
    { ...bench, cores },
    {
      name: `workers-${workers}`,
      title: `WORKERS=${workers}`,
      script: LATCHKEY_SERVER,
      env: { ...latchkeyEnv(secret), WORKERS: `${workers}` },
      database: scale.keys,
      path: "/trpc/auth.me",
      credentials: { keys: spread(scale.active, scale.keys) },
      connections: scale.connections,
    },
  )
}

/** Linux counts in hundredths of a second. */
const TICK_MICROS = 10_000

/** The CPU time of a process and its children so far. */
function cpuMicrosOf(pid: number): number {
  let ticks = 0
  for (const each of withChildren(pid)) {
    // After the name, which may contain spaces, the 12th and 13th fields are the user and system time.
    const fields = readFileSync(`/proc/${each}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * TICK_MICROS
}
