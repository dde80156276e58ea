import { setTimeout as sleep } from "node:timers/promises"
import { startPostgres, startStandby } from "@latchkey/test-postgres"
import postgres from "postgres"
import type { Bench } from "../bench.ts"
import { withParts } from "../postgresServer.ts"
import { type SeededLatchkey, seedLatchkey } from "../seed/seedLatchkey.ts"
import { createInstance, type Instance } from "./leases/instance.ts"
import { type Answers, count, statusOf } from "./leases/revokeEverywhere.ts"
import { findRevocableKeys, type RevocableKey } from "./revocableKeys.ts"

/** Answers of the instance that is left with the old primary, to keys that were revoked on the new one. */
export type SplitBrainResult = Record<"withLeases" | "withoutLeases", Answers>

const KEYS = 1_000
const REVOKED = 5
/** How often each key is tried on the old side. */
const ROUNDS = 20
const LEASE = 3

/**
 * Stops a primary with a synchronous standby, promotes that, revokes keys there, and lets the old primary go on, which an
 * instance still uses.
 */
export async function measureSplitBrain(bench: Bench): Promise<SplitBrainResult> {
  const withLeases = await splitBrain(bench, LEASE)
  bench.progress("split brain with leases")
  const withoutLeases = await splitBrain(bench, 0)
  bench.progress("split brain without leases")
  return { withLeases, withoutLeases }
}

async function splitBrain({ secret, progress }: Bench, lease: number): Promise<Answers> {
  await using primary = await startPostgres(["fsync=on"])
  const admin = postgres(primary.url, { max: 1, onnotice: () => {} })
  await admin`create database latchkey`
  const seeded = await seedLatchkey(withParts(primary.url, { database: "latchkey" }), {
    secret,
    keys: KEYS,
    sessions: 1,
  })
  await using standby = await startStandby(primary)
  await admin`alter system set synchronous_standby_names = 'standby'`
  await admin`select pg_reload_conf()`
  await admin.end()

  const instanceOn = (url: string) =>
    createInstance({
      ...{ databaseUrl: url, secret, lease, workers: 1 },
      onCrash: (error) => progress(String(error)),
    })
  const left = await instanceOn(seeded.url)
  const keys = (await findRevocableKeys(seeded)).slice(0, REVOKED)
  for (const { apiKey } of keys) await expectAccepted(left, apiKey)

  await primary.pause()
  const onStandby = postgres(standby.url, { max: 1 })
  await onStandby`select pg_promote()`
  await onStandby.end()
  const promoted = withParts(standby.url, { database: "latchkey" })
  const right = await instanceOn(promoted)
  await revokeAll(right, seeded, keys)

  const answers: Answers = {}
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 1) primary.resume()
    await Promise.all(keys.map(async ({ apiKey }) => count(answers, await statusOf(left.url, apiKey))))
    await sleep(500)
  }
  await left.kill()
  await right.kill()
  return answers
}

async function expectAccepted({ url }: Instance, apiKey: string) {
  // The first verdict needs a bcrypt, the second comes from memory.
  for (let attempt = 0; attempt < 2; attempt++) {
    const status = await statusOf(url, apiKey)
    if (status !== "200") throw new Error(`a valid key returned ${status}`)
  }
}

/** One after the other, as the first waits for the leases that the failover may have lost. */
async function revokeAll({ url }: Instance, seeded: SeededLatchkey, keys: readonly RevocableKey[]) {
  for (const { id } of keys) {
    const { status } = await fetch(`${url}/auth/apikeys/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${seeded.accessTokens[0]}` },
    })
    if (status !== 204) throw new Error(`revoking returned ${status}`)
  }
}
