import type { Bench } from "../bench.ts"
import { type Contender, LATCHKEY_SERVER, latchkeyEnv } from "../contenders.ts"
import { spread } from "../keys.ts"
import { answersOf, expectOnlyGood } from "../load.ts"
import { type RunningContender, startContender } from "../runningContender.ts"
import { ROUND_TRIP } from "./leaseFaults.ts"
import { createDistance } from "./leases/distance.ts"

const NAMES = ["open", "lease", "read", "betterAuth"] as const

/** Of servers that are far from the database, without authentication and with it. */
export interface DistanceResult {
  /** Milliseconds, each round. */
  p50: Record<(typeof NAMES)[number], number[]>
  p99: Record<(typeof NAMES)[number], number[]>
  /** Different keys in use with leases, and the statements of a request by one of them. */
  hotKeys: number
  statements: number[]
}

/** How many callers there are, and how many calls a second they make together. */
const [CALLERS, CALLS_PER_SECOND] = [10, 100]
const HOT_KEYS = 100_000

/** A round is divided, because the machine's own noise changes within seconds, and differences are of one slice. */
const SLICES = 5

/** Many, because most of each call is a wait for the database. */
const WARM_UP_CONNECTIONS = 256

/** Measures how long calls take at a moderate load, so that nobody waits for the processor. */
export async function measureDistance(bench: Bench): Promise<DistanceResult> {
  const { scale, secret, load, progress } = bench
  await using distance = await createDistance(bench.databases.urlOf("peers"), ROUND_TRIP)
  const common = {
    path: "/trpc/auth.me",
    connections: CALLERS,
    credentials: { keys: spread(scale.active, scale.keys) },
    routeDatabase: distance.through,
  }
  const latchkey = { ...common, script: LATCHKEY_SERVER, database: scale.keys }
  const contenders: Record<(typeof NAMES)[number], Contender> = {
    open: { ...common, name: "distance-open", title: "open", env: {}, script: "contenders/latchkeyOpen.js" },
    lease: {
      ...latchkey,
      name: "distance-lease",
      title: "with leases",
      env: { ...latchkeyEnv(secret), VERIFY_LEASE: "3" },
    },
    read: { ...latchkey, name: "distance-read", title: "with reads", env: latchkeyEnv(secret) },
    betterAuth: {
      ...common,
      name: "distance-better-auth",
      title: "Better Auth",
      env: {},
      database: "peers",
      script: "../peers/dist/betterAuth.js",
    },
  }
  const result: DistanceResult = {
    p50: { open: [], lease: [], read: [], betterAuth: [] },
    p99: { open: [], lease: [], read: [], betterAuth: [] },
    hotKeys: Math.min(HOT_KEYS, scale.keys),
    statements: [],
  }
  const running = new Map<(typeof NAMES)[number], RunningContender>()
  for (const name of NAMES) {
    const server = await startContender(bench, contenders[name])
    running.set(name, server)
    // As in a server that has run for some time: V8 has compiled what a call runs, and each key is in memory.
    await load.run({ ...streamOf(server), connections: WARM_UP_CONNECTIONS, ...scale.warmUp })
  }
  const rounds = SLICES * scale.scenarioRounds
  for (let round = 1; round <= rounds; round++) {
    for (const [name, server] of running) {
      const stream = { ...streamOf(server), connections: CALLERS, rate: CALLS_PER_SECOND }
      const [measured] = await load.run({ ...stream, seconds: scale.seconds / SLICES })
      expectOnlyGood(`${name} at a distance`, measured)
      result.p50[name].push(measured.p50)
      result.p99[name].push(measured.p99)
      progress(`round ${round} of ${rounds}: ${name} at a distance, p50 ${measured.p50} ms`)
    }
  }
  const lease = running.get("lease")
  if (lease) result.statements = await countStatements(bench, lease, result.hotKeys)
  for (const { process } of running.values()) await process.stop()
  return result
}

const streamOf = ({ url, credentials }: RunningContender) => ({ url, credentials })

/** Statements of a request, each round, once all keys are in memory. */
async function countStatements(bench: Bench, server: RunningContender, hotKeys: number): Promise<number[]> {
  const { scale, load } = bench
  const credentials = { keys: spread(hotKeys, scale.keys) }
  const stream = { url: server.url, credentials, connections: 256 }
  await load.run({ ...stream, amount: Math.ceil(1.1 * hotKeys) })
  const statements: number[] = []
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    const before = await bench.postgresUsageOf(server.postgresUser)
    const [measured] = await load.run({ ...stream, seconds: scale.seconds })
    expectOnlyGood("many keys at a distance", measured)
    const after = await bench.postgresUsageOf(server.postgresUser)
    statements.push((after.statements - before.statements) / answersOf(measured))
    bench.progress(`round ${round} of ${scale.scenarioRounds}: ${statements.at(-1)} statements a request`)
  }
  return statements
}
