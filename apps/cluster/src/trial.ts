import { setTimeout as sleep } from "node:timers/promises"
import type { Cluster } from "./cluster.ts"
import type { Fault } from "./faults.ts"
import type { Load, Tally } from "./load.ts"
import { isInTime, waitFor } from "./waitFor.ts"

/** What one round of a fault has shown. */
export interface Round {
  fault: string
  /** Whether another machine became the primary while the fault lasted. */
  failedOver: boolean
  tally: Tally
  /** Acknowledged changes that no longer hold once the cluster is whole again. */
  lost: { created: number; revoked: number }
}

const [FAULT_SECONDS, LEAST_SECONDS, RECOVER_SECONDS] = [75, 5, 120]
/** Load before the fault, after a failover, and after the fault has ended. */
const [BEFORE_MS, AFTER_FAILOVER_MS, AFTER_HEALING_MS] = [4_000, 4_000, 10_000]

/** Breaks the primary under load, waits for the failover, heals it, and checks all that was acknowledged. */
export async function tryFault(cluster: Cluster, load: Load, fault: Fault): Promise<Round> {
  await cluster.settle()
  await waitFor("Latchkey serves", () => serves(load), RECOVER_SECONDS)
  const primary = await cluster.primary()
  if (!primary) throw new Error("the cluster has no primary")
  await sleep(BEFORE_MS)

  load.begin()
  const changesBefore = changesOf(load)
  const startedAt = performance.now()
  const others = cluster.machines.filter((machine) => machine !== primary)
  const isReplaced = async () =>
    (await Promise.all(others.map((machine) => machine.is("primary")))).includes(true)
  await fault.inject(cluster, primary)
  const failedOver = await isInTime(
    async () =>
      performance.now() - startedAt > LEAST_SECONDS * 1000 &&
      changesOf(load) > changesBefore &&
      (await isReplaced()),
    FAULT_SECONDS,
  )
  await sleep(AFTER_FAILOVER_MS)
  await fault.heal(primary)
  await sleep(AFTER_HEALING_MS)
  await waitFor("Latchkey serves again", () => serves(load), RECOVER_SECONDS)
  await cluster.settle()
  const tally = structuredClone(load.tally())
  return { fault: fault.name, failedOver, tally, lost: await load.check() }
}

const changesOf = (load: Load) => load.tally().created + load.tally().revoked

/** Whether verdicts and changes succeed within a second. */
async function serves(load: Load): Promise<boolean> {
  const [verdicts, changes] = [load.tally().verdicts.right, changesOf(load)]
  await sleep(1_500)
  return load.tally().verdicts.right > verdicts && changesOf(load) > changes
}
