import { setTimeout as sleep } from "node:timers/promises"
import type { Bench } from "../bench.ts"
import { apiKeyAt } from "../keys.ts"
import { percentileOf } from "../reporting/statistics.ts"
import { createDistance } from "./leases/distance.ts"
import { type Disturbed, disturb, stopProcesses } from "./leases/disturb.ts"
import { createInstance, type Instance } from "./leases/instance.ts"
import { type Answers, count, type Revoker, revokeEverywhere, statusOf } from "./leases/revokeEverywhere.ts"
import { findOwnKeys, type OwnKey } from "./revocableKeys.ts"

export interface LeaseFaultsResult {
  /** Milliseconds until a revocation was answered. */
  took: Record<"withoutLeases" | "well" | "oneHangs" | "faults", number[]>
  /** How often each fault happened. */
  faults: Record<string, number>
  /** Answers to revoked keys, asked after the response to the revocation. */
  afterwards: Answers
  /** Answers to other keys, asked meanwhile. */
  good: Answers
}

/** Milliseconds to the database and back. */
export const ROUND_TRIP = 80
/** Seconds. */
const LEASE = 3
/** Of the revocations of each kind; the others are made amid faults. */
const SHARES = { withoutLeases: 0.05, well: 0.25, oneHangs: 0.2 }
/** Two for each instance, as many as its fair queue runs of one address. */
const AT_ONCE = 8
const GOOD_CALLERS = 2

/**
 * Revokes keys that four instances far from the database have in memory, and use meanwhile: undisturbed, while one hangs, and
 * while three are stopped, killed and cut off. One of them has two workers.
 */
export async function measureLeaseFaults(bench: Bench): Promise<LeaseFaultsResult> {
  const { scale, secret, progress } = bench
  const seeded = bench.databases.latchkey(scale.keys)
  const keys = await findOwnKeys(seeded)
  const total = keys.length
  const take = (share: number) => keys.splice(0, Math.round(total * share))
  const result: LeaseFaultsResult = {
    took: { withoutLeases: [], well: [], oneHangs: [], faults: [] },
    faults: {},
    afterwards: {},
    good: {},
  }
  async function start(options: { lease: number; workers: number }): Promise<Disturbed> {
    const distance = await createDistance(seeded.url, ROUND_TRIP)
    const instance = await createInstance({
      ...options,
      databaseUrl: distance.through(seeded.url),
      secret,
      onCrash(error) {
        progress(String(error))
        count(result.faults, "crash")
      },
    })
    return { instance, distance, isIll: false }
  }
  const revokerOf = (all: readonly Disturbed[]): Revoker => ({
    instances: all.map(({ instance }) => instance),
    afterwards: result.afterwards,
    pending: [],
    pick() {
      const well = all.filter(({ isIll }) => !isIll)
      const picked = well[Math.floor(Math.random() * well.length)]
      if (!picked) throw noInstance()
      return picked.instance
    },
  })

  const plain = await start({ lease: 0, workers: 1 })
  await revokeAll(revokerOf([plain]), take(SHARES.withoutLeases), result.took.withoutLeases, AT_ONCE / 4)
  await stop([plain])
  progress(`without leases: ${summary(result.took.withoutLeases)}`)

  const [first, ...others] = await Promise.all(
    [1, 1, 1, 2].map((workers) => start({ lease: LEASE, workers })),
  )
  if (!first) throw noInstance()
  const all = [first, ...others]
  const revoker = revokerOf(all)
  let isOver = false
  const callers = all.flatMap(({ instance }) =>
    Array.from({ length: GOOD_CALLERS }, (_, caller) =>
      useGoodKeys(instance, (call) => apiKeyAt(seeded.otherKey(caller * 50 + (call % 50))), {
        answers: result.good,
        isOver: () => isOver,
      }),
    ),
  )

  await revokeAll(revoker, take(SHARES.well), result.took.well, AT_ONCE)
  progress(`with leases: ${summary(result.took.well)}`)
  await revokeWhileOneHangs(revoker, all, take(SHARES.oneHangs), result.took.oneHangs)
  progress(`while one instance hangs: ${summary(result.took.oneHangs)}`)
  let faultsAreOver = false
  const disturbing = others.map((disturbed) =>
    disturb(disturbed, { isOver: () => faultsAreOver, onFault: (fault) => count(result.faults, fault) }),
  )
  await revokeAll(revoker, keys, result.took.faults, AT_ONCE)
  faultsAreOver = true
  await Promise.all(disturbing)
  progress(`amid faults: ${summary(result.took.faults)}`)
  isOver = true
  await Promise.all([...callers, ...revoker.pending])
  await stop(all)
  return result
}

const summary = (took: readonly number[]) =>
  `${took.length} revocations, p50 ${Math.round(percentileOf(took, 50))} ms, p99 ${Math.round(percentileOf(took, 99))} ms`

const noInstance = () => new TypeError("there is no instance")

async function stop(all: readonly Disturbed[]) {
  for (const { instance, distance } of all) {
    await instance.kill()
    await distance[Symbol.asyncDispose]()
  }
}

async function revokeAll(revoker: Revoker, keys: readonly OwnKey[], took: number[], atOnce: number) {
  const left = [...keys]
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let key = left.pop(); key; key = left.pop()) took.push(await revokeEverywhere(revoker, key))
    }),
  )
}

/** Each time another instance hangs, as one that hangs for longer is not waited for again. */
async function revokeWhileOneHangs(
  revoker: Revoker,
  all: readonly Disturbed[],
  keys: readonly OwnKey[],
  took: number[],
) {
  const left = [...keys]
  for (let turn = 0; left.length > 0; turn++) {
    const hanging = all[turn % all.length]
    if (!hanging) throw noInstance()
    hanging.isIll = true
    // Its lease is at its beginning, its middle or its end.
    await sleep(Math.random() * 1_000)
    const goOn = stopProcesses(hanging.instance)
    await revokeAll(revoker, left.splice(0, AT_ONCE), took, AT_ONCE)
    goOn()
    hanging.isIll = false
    await sleep(1_500)
  }
}

/** Calls with keys that stay valid. */
async function useGoodKeys(
  { url }: Instance,
  keyOf: (call: number) => string,
  { answers, isOver }: { answers: Answers; isOver: () => boolean },
) {
  for (let call = 0; !isOver(); call++) {
    count(answers, await statusOf(url, keyOf(call)))
    await sleep(40)
  }
}
