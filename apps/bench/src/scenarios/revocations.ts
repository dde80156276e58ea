import { setTimeout as sleep } from "node:timers/promises"
import type { Bench } from "../bench.ts"
import { spread } from "../keys.ts"
import { expectOnlyGood, goodRateOf } from "../load.ts"
import type { RunningContender } from "../runningContender.ts"
import { findRevocableKeys, type RevocableKey } from "./revocableKeys.ts"

export interface RevocationsResult {
  /** Accepted requests per second in each round, without and with revocations. */
  alone: number[]
  duringRevocations: number[]
  revoked: number
  /** Requests with these keys that were accepted, and were sent before the response to the revocation. */
  acceptedBefore: number
  /** Requests with these keys that were sent after the response to the revocation. */
  sentAfter: number
  /** Accepted requests among `sentAfter`. There must be none. */
  stale: number
}

const PER_SECOND = 10
/** Callers that use a key without a pause, from before its revocation until after it. */
const CALLERS = 2
const BEFORE_MS = 30
const AFTER_MS = 60

/** Good traffic alone, and while ten keys per second are revoked through the API, each in use at the time. */
export async function measureRevocations(bench: Bench, server: RunningContender): Promise<RevocationsResult> {
  const { scale, load } = bench
  const good = {
    url: server.url,
    connections: scale.connections,
    seconds: scale.seconds,
    credentials: { keys: spread(scale.active, scale.keys) },
  }
  const revocable = await findRevocableKeys(bench.databases.latchkey(scale.keys))
  const accessToken = bench.databases.latchkey(scale.keys).accessTokens[0] ?? ""
  const result: RevocationsResult = {
    alone: [],
    duringRevocations: [],
    revoked: 0,
    acceptedBefore: 0,
    sentAfter: 0,
    stale: 0,
  }
  for (let round = 1; round <= scale.scenarioRounds; round++) {
    const [alone] = await load.run(good)
    expectOnlyGood("good keys", alone)
    const count = Math.min(Math.floor(scale.seconds * PER_SECOND), revocable.length)
    const toRevoke = revocable.splice(0, count)
    const [[duringRevocations]] = await Promise.all([
      load.run(good),
      ...toRevoke.map(async (key, i) => {
        await sleep((i * 1000) / PER_SECOND)
        await revokeWhileInUse(server.url, key, accessToken, result)
      }),
    ])
    expectOnlyGood("good keys during revocations", duringRevocations)
    result.alone.push(goodRateOf(alone))
    result.duringRevocations.push(goodRateOf(duringRevocations))
    bench.progress(`round ${round} of ${scale.scenarioRounds}: ${PER_SECOND} revocations per second`)
  }
  return result
}

async function revokeWhileInUse(
  url: string,
  { id, apiKey }: RevocableKey,
  accessToken: string,
  result: RevocationsResult,
) {
  let revokedAt = Number.POSITIVE_INFINITY
  let isDone = false
  async function call() {
    while (!isDone) {
      const sentAt = performance.now()
      const response = await fetch(url, { headers: { "x-api-key": apiKey } })
      await response.arrayBuffer()
      if (response.status !== 200 && response.status !== 401)
        throw new Error(`unexpected status ${response.status}`)
      const accepted = response.status === 200
      if (sentAt > revokedAt) {
        result.sentAfter++
        if (accepted) result.stale++
      } else if (accepted) result.acceptedBefore++
    }
  }
  async function revoke() {
    await sleep(BEFORE_MS)
    const response = await fetch(new URL(`/auth/apikeys/${id}`, url), {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
    })
    revokedAt = performance.now()
    if (response.status !== 204) throw new Error(`revoking returned ${response.status}`)
    result.revoked++
    await sleep(AFTER_MS)
    isDone = true
  }
  await Promise.all([revoke(), ...Array.from({ length: CALLERS }, call)])
}
