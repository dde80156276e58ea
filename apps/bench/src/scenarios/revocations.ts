import { setTimeout as sleep } from "node:timers/promises"
import postgres from "postgres"
import type { Bench } from "../bench.ts"
import { apiKeyAt, apiKeysOf, spread } from "../keys.ts"
import { expectOnlyGood, goodRateOf } from "../load.ts"
import type { RunningContender } from "../runningContender.ts"

export interface RevocationsResult {
  /** Good answers a second, each round, without and with revocations going on. */
  quiet: number[]
  besideRevocations: number[]
  revoked: number
  /** Requests with a key on its way to being revoked: accepted before its revocation was answered. */
  acceptedBefore: number
  /** Begun only after its revocation had been answered. */
  begunAfter: number
  /** Of these, accepted. There must be none. */
  stale: number
}

const PER_SECOND = 10
/** Each key to revoke is called without a pause from so many places, from before its revocation until after. */
const CALLERS = 2
const BEFORE_MS = 30
const AFTER_MS = 60

/** Good traffic, alone and while ten keys a second are revoked through the API, each under fire all the while. */
export async function measureRevocations(bench: Bench, server: RunningContender): Promise<RevocationsResult> {
  const { scale, load } = bench
  const good = {
    url: server.url,
    connections: scale.connections,
    seconds: scale.seconds,
    credentials: { keys: spread(scale.active, scale.keys) },
  }
  const victims = await findVictims(bench)
  const accessToken = bench.databases.latchkey(scale.keys).accessTokens[0] ?? ""
  const result: RevocationsResult = {
    quiet: [],
    besideRevocations: [],
    revoked: 0,
    acceptedBefore: 0,
    begunAfter: 0,
    stale: 0,
  }
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    const [quiet] = await load.run(good)
    expectOnlyGood("good keys", quiet)
    const count = Math.min(Math.floor(scale.seconds * PER_SECOND), victims.length)
    const chosen = victims.splice(0, count)
    const [[besideRevocations]] = await Promise.all([
      load.run(good),
      ...chosen.map(async (victim, i) => {
        await sleep((i * 1000) / PER_SECOND)
        await revokeUnderFire(server.url, victim, accessToken, result)
      }),
    ])
    expectOnlyGood("good keys beside revocations", besideRevocations)
    result.quiet.push(goodRateOf(quiet))
    result.besideRevocations.push(goodRateOf(besideRevocations))
    bench.progress(`round ${round} of ${scale.scenarioRounds}: ${PER_SECOND} revocations a second`)
  }
  return result
}

interface Victim {
  id: string
  apiKey: string
}

async function findVictims({ databases, scale }: Bench): Promise<Victim[]> {
  const { url, revocable } = databases.latchkey(scale.keys)
  const keys = new Map(apiKeysOf({ ...revocable, step: 1 }).map((apiKey) => [apiKey.slice(0, 16), apiKey]))
  const sql = postgres(url, { max: 1 })
  const rows = await sql<{ id: string; lookup_id: string }[]>`
    select id, lookup_id from api_keys where lookup_id = any(${[...keys.keys()]}) and revoked_at is null`
  await sql.end()
  return rows.map(({ id, lookup_id }) => ({ id, apiKey: keys.get(lookup_id) ?? apiKeyAt(-1) }))
}

async function revokeUnderFire(url: string, victim: Victim, accessToken: string, result: RevocationsResult) {
  let revokedAt = Number.POSITIVE_INFINITY
  let over = false
  async function call() {
    while (!over) {
      const begunAt = performance.now()
      const response = await fetch(url, { headers: { "x-api-key": victim.apiKey } })
      await response.arrayBuffer()
      if (response.status !== 200 && response.status !== 401) throw new Error(`answered ${response.status}`)
      const accepted = response.status === 200
      if (begunAt > revokedAt) {
        result.begunAfter++
        if (accepted) result.stale++
      } else if (accepted) result.acceptedBefore++
    }
  }
  async function revoke() {
    await sleep(BEFORE_MS)
    const response = await fetch(new URL(`/auth/apikeys/${victim.id}`, url), {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
    })
    revokedAt = performance.now()
    if (response.status !== 204) throw new Error(`revoking was answered ${response.status}`)
    result.revoked++
    await sleep(AFTER_MS)
    over = true
  }
  await Promise.all([revoke(), ...Array.from({ length: CALLERS }, call)])
}
