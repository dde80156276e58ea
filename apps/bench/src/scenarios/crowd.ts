import { randomUUID } from "node:crypto"
import { createRefreshToken } from "../../../../packages/auth/src/sessions/refreshToken.ts"
import type { Bench } from "../bench.ts"
import { LATCHKEY_SERVER, latchkeyEnv } from "../contenders.ts"
import { apiKeyAt, spread, unknownKeyAt } from "../keys.ts"
import { type Load, startLoad } from "../load.ts"
import type { LoadResult, StreamOptions } from "../loadProtocol.ts"
import { type RunningContender, startContender } from "../runningContender.ts"
import { untilIdle } from "./scenarioServer.ts"

/** The results of honest callers beside one kind of flood. */
export interface CrowdRow {
  /** `nothing`: they were alone. */
  flood: string
  connections: number
  /** Milliseconds, each round. */
  p50: number[]
  p99: number[]
  /** Of the honest and of the flood, in all rounds together. */
  statuses: Record<string, number>
  floodStatuses: Record<string, number>
  errors: number
}

export type CrowdResult = CrowdRow[]

/** The number of honest callers, and the calls per second that they make together. */
const CALLERS = 10
const CALLS_PER_SECOND = 500

const CONNECTIONS = [20, 80]
const BATCH = 20
/** Enough for the flood to reach its full rate; the honest callers begin a little later and end a little sooner. */
const SECONDS = 3
const MADE_UP = 1_000

type Flood = Pick<StreamOptions, "url" | "credentials" | "method" | "body" | "headers">

/**
 * Honest callers, alone and beside strangers who cause as much work as they can, with a new request after each
 * response. The strangers come from another address and have another key. They run in their own process, so that the
 * cost of sending a flood is not mistaken for the cost of being served beside one.
 */
export async function measureCrowd(bench: Bench): Promise<CrowdResult> {
  const { scale, secret, load, progress } = bench
  const keys = spread(scale.active, scale.keys)
  const server = await startContender(bench, {
    name: "crowd",
    title: "crowd",
    script: LATCHKEY_SERVER,
    env: { ...latchkeyEnv(secret), TRUST_PROXY: "1" },
    database: scale.keys,
    path: "/trpc/auth.me",
    credentials: { keys },
    connections: CALLERS,
  })
  const honest: StreamOptions = {
    url: server.url,
    // The first key is the flood's.
    credentials: { keys: { ...keys, from: keys.step, count: keys.count - 1 } },
    connections: CALLERS,
    rate: CALLS_PER_SECOND,
    seconds: SECONDS,
    headers: { "x-forwarded-for": "192.0.2.1" },
  }
  await load.run({ ...honest, ...scale.warmUp })

  const crowd = await startLoad()
  const floods = floodsOf(server.url)
  const rows = [
    emptyRow("nothing", 0),
    ...Object.keys(floods).flatMap((flood) => CONNECTIONS.map((connections) => emptyRow(flood, connections))),
  ]
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    for (const [index, row] of rows.entries()) {
      // An address that no limit has counted yet.
      const headers = { "x-forwarded-for": `198.51.${round}.${index}` }
      const flood = floods[row.flood]
      const stream = flood && { ...flood, headers: { ...flood.headers, ...headers } }
      await measureRow({ load, crowd, server }, honest, stream, row)
      progress(
        `round ${round} of ${scale.scenarioRounds}: beside ${row.flood}, ${row.connections} connections, ` +
          `p50 ${row.p50.at(-1)} ms`,
      )
    }
  }
  await crowd.process.stop()
  await server.process.stop()
  return rows
}

async function measureRow(
  { load, crowd, server }: { load: Load; crowd: Load; server: RunningContender },
  honest: StreamOptions,
  flood: Flood | undefined,
  row: CrowdRow,
) {
  const flooding = flood && crowd.run({ ...flood, connections: row.connections, seconds: SECONDS })
  const [served] = await load.run(honest)
  row.p50.push(served.p50)
  row.p99.push(served.p99)
  row.errors += served.errors
  add(row.statuses, served.statuses)
  const [flooded] = (await flooding) ?? []
  if (flooded) add(row.floodStatuses, flooded.statuses)
  await untilIdle(server)
}

function add(to: Record<string, number>, statuses: LoadResult["statuses"]) {
  for (const [status, count] of Object.entries(statuses)) to[status] = (to[status] ?? 0) + count
}

const emptyRow = (flood: string, connections: number): CrowdRow => ({
  flood,
  connections,
  p50: [],
  p99: [],
  statuses: {},
  floodStatuses: {},
  errors: 0,
})

function floodsOf(me: string): Record<string, Flood> {
  const at = (path: string) => new URL(path, me).href
  const batch = (procedure: string) => `/trpc/${Array(BATCH).fill(procedure).join(",")}?batch=1`
  const everyKey = JSON.stringify(
    Object.fromEntries(Array.from({ length: BATCH }, (_, i) => [i, { json: { limit: 100, status: "all" } }])),
  )
  const madeUp = Array.from({ length: MADE_UP }, (_, i) => i)
  return {
    "random keys": { url: me, credentials: { header: "x-api-key", values: madeUp.map(unknownKeyAt) } },
    [`logout × ${BATCH}`]: {
      url: at(batch("auth.logout")),
      method: "POST",
      body: "{}",
      headers: { origin: new URL(me).origin, "content-type": "application/json" },
      credentials: {
        header: "cookie",
        values: madeUp.map(() => `__Host-latchkey=${createRefreshToken(randomUUID()).refreshToken}`),
      },
    },
    // Its owner has more than 1,000 keys.
    [`list × ${BATCH}`]: {
      url: at(`${batch("apiKeys.list")}&input=${encodeURIComponent(everyKey)}`),
      credentials: { header: "x-api-key", values: [apiKeyAt(0)] },
    },
    "/readyz": { url: at("/readyz"), credentials: { header: "x-api-key", values: [apiKeyAt(0)] } },
  }
}
