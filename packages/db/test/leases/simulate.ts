import { createPrimary, type Replication, type SimulatedServer } from "./simulatedDatabase.ts"
import { type SimulatedInstance, startInstance } from "./simulatedInstance.ts"
import { World } from "./world.ts"

export interface Scenario {
  replication: Replication
  /** What happens to the old primary when the standby is promoted. */
  failover?: "kill" | "splitBrain"
  /** The faults of instances, each with its probability per second. */
  faults: Partial<Record<"stop" | "sleep" | "die" | "cutOff" | "setClock", number>>
  /** The share of lost messages to or from the database. */
  loss: number
  /** The share of instances that hold no leases, and read the newest primary for each verdict. */
  readers?: number
  /** How much faster or slower than the real time clocks may run. */
  drift?: number
  /** Whether each clock drifts by the full amount, in one direction or the other. */
  driftsFully?: boolean
  /** The share of slow messages. */
  slow?: number
  /** Whether connections reach the old primary as well as the new one. */
  pooler?: boolean
  /** Milliseconds until the standby has most commits. */
  lag?: number
  /**
   * The failover comes early, and loses all leases: one instance gives up its lease long before, and the others start
   * shortly before the failover and are cut off during it. A reader revokes.
   */
  late?: boolean
  /** The period in which keys are revoked for the first time. */
  revokedBetween?: readonly [number, number]
  /** All instances except the revoking one are cut off within this many milliseconds. */
  isolatesWithin?: number
  /** Keys are revoked by SQL, and then found revoked. */
  byHand?: boolean
  /**
   * When an operator ends the leases by SQL, although instances still hold some and may use them until they run out.
   */
  leasesEndedAt?: number
  /** The second instance is a copy of the first, made after the first had registered. */
  copies?: boolean
  /** The lengths of leases in milliseconds. Each instance uses one of them. */
  lengths?: readonly number[]
}

export interface Outcome {
  /** Keys that were accepted by a request that began after their revocation was answered. */
  violations: string[]
  /** Verdicts from memory. */
  remembered: number
  answered: number
}

const DURATION = 4_000
const KEYS = ["a", "b", "c", "d", "e", "f"]

/** Runs several instances on a simulated database for some seconds. Equal seeds give equal runs. */
export async function simulate(scenario: Scenario, seed: number): Promise<Outcome> {
  const world = new World(seed)
  const outcome: Outcome = { violations: [], remembered: 0, answered: 0 }
  const { drift = 0.02, slow = 0.05, lag = 3, late = false, lengths = [600] } = scenario
  const [earliest, latest] = scenario.revokedBetween ?? [200, DURATION - 900]
  let primary = createPrimary(world, scenario.replication, lag)
  let retired: SimulatedServer | undefined
  const answeredAt = new Map<string, number>()
  /** Keys whose revocation the promoted standby had. */
  let survivors: ReadonlySet<string> = new Set()
  const instances: SimulatedInstance[] = []
  let ids = 0

  /** Where a connection leads: a pooler may mix up the servers, and readers follow the primary. */
  function serverFor({ isReader, server }: SimulatedInstance): SimulatedServer {
    if (isReader) return primary
    return scenario.pooler && retired && world.chance(0.5) ? retired : server
  }

  const mayUseOldLease = (arrived: number) =>
    scenario.leasesEndedAt !== undefined &&
    arrived >= scenario.leasesEndedAt &&
    arrived < scenario.leasesEndedAt + Math.max(...lengths) * (1 + drift)

  function onAccepted(key: string, { arrived, isRemembered }: { arrived: number; isRemembered: boolean }) {
    if (isRemembered) outcome.remembered++
    const answered = answeredAt.get(key)
    if (answered !== undefined && answered < arrived && !mayUseOldLease(arrived)) outcome.violations.push(key)
  }

  /** An asynchronous failover may lose a revocation itself. */
  const isLost = (key: string) => scenario.replication === "asynchronous" && !survivors.has(key)

  function onRevoked(key: string, committedOn: string) {
    outcome.answered++
    if (committedOn !== primary.timeline && isLost(key)) return
    if (!answeredAt.has(key)) answeredAt.set(key, world.now)
    // The moments at which a violation is most likely.
    for (const ms of [0.01, 5, 15, 30]) {
      for (const other of instances) world.in(ms, () => other.verify(key))
    }
  }

  function cutOff(instance: SimulatedInstance, ms: number) {
    instance.isCutOff = true
    world.in(ms, () => {
      instance.isCutOff = false
    })
  }

  function revoke(key: string) {
    const instance = world.pick(instances)
    if (scenario.isolatesWithin !== undefined) {
      world.in(world.between(0, scenario.isolatesWithin), () => {
        for (const other of instances) if (other !== instance) cutOff(other, 1_000)
      })
    }
    instance.revoke(key)
  }

  const rate = () => 1 + (scenario.driftsFully ? world.pick([-drift, drift]) : world.between(-drift, drift))

  function add(isReader = world.chance(scenario.readers ?? 0), copied: readonly string[] = []) {
    instances.push(
      startInstance(world, {
        isReader,
        copied,
        length: world.pick(lengths),
        rate: rate(),
        loss: scenario.loss,
        slow,
        newId: () => String(ids++),
        primary: () => primary,
        serverFor,
        onAccepted,
        onRevoked,
        onRefused: (key) => world.in(20, () => revoke(key)),
      }),
    )
  }

  function handBack(instance: SimulatedInstance) {
    instances.splice(instances.indexOf(instance), 1)
    instance.close()
  }

  add()
  const [first] = instances
  for (let index = 1; index < 4; index++) {
    if (late) world.in(700, () => add(false))
    // The first instance's id and token.
    else if (scenario.copies && index === 1) world.in(15, () => add(false, ["0", "1"]))
    else add()
  }
  if (late && first) {
    world.in(200, () => handBack(first))
    world.in(890, () => add(true))
  }

  /** Requests that keep keys in memory. */
  function ask() {
    for (const instance of instances) instance.verify(world.pick(KEYS))
    world.in(world.between(5, 40), ask)
  }
  ask()
  for (const key of KEYS) {
    const at = world.between(earliest, latest)
    world.in(at, () => {
      if (scenario.byHand) void primary.revoke(key)
      else revoke(key)
    })
    // A second revocation, which finds the key revoked.
    if (scenario.byHand || world.chance(0.5)) world.in(at + world.between(0, 300), () => revoke(key))
  }

  const happens = (fault: keyof Scenario["faults"]) => world.chance((scenario.faults[fault] ?? 0) / 10)
  function disturb() {
    for (const instance of [...instances]) {
      const { machine } = instance
      if (happens("stop")) machine.stop(world.between(10, 1_500))
      if (happens("sleep")) machine.sleep(world.between(100, 1_500))
      if (happens("setClock")) {
        const step = world.between(-2_000, 2_000)
        // The promise does not cover a clock that is set back by exactly as much as the machine has slept.
        machine.setClock(scenario.faults.sleep ? Math.abs(step) : step)
      }
      if (happens("cutOff")) cutOff(instance, world.between(100, 1_500))
      if (happens("die")) {
        // Requests that have arrived are still answered.
        const isGraceful = world.chance(0.5)
        if (isGraceful) instance.close()
        world.in(isGraceful ? world.between(0, 500) : 0, () => {
          machine.isDead = true
          instances.splice(instances.indexOf(instance), 1)
        })
        add()
      }
    }
    world.in(100, disturb)
  }
  disturb()

  if (scenario.leasesEndedAt !== undefined) {
    world.in(scenario.leasesEndedAt, () => void primary.endLeasesByHand())
  }
  if (scenario.failover) {
    world.in(late ? 900 : world.between(500, DURATION - 1_500), () => {
      retired = primary
      primary = primary.promoteStandby()
      survivors = primary.visible.revoked
      for (const key of answeredAt.keys()) if (isLost(key)) answeredAt.delete(key)
      if (scenario.failover === "kill") retired.isDead = true
      for (const instance of instances) {
        if (late && !instance.isReader) cutOff(instance, 700)
        world.in(world.between(0, scenario.failover === "kill" ? 100 : 3_000), () => {
          instance.server = primary
        })
      }
    })
  }
  await world.run(DURATION)
  return outcome
}
