import { DatabaseUnavailable } from "../../src/databaseUnavailable.ts"
import type { Renewal } from "../../src/leases/lease.ts"
import type { LaggingLease, LeaseStates } from "../../src/leases/waitForLeases.ts"
import type { World } from "./world.ts"

interface StoredLease {
  token: string
  applied: number
  length: number
}

/** The contents of a snapshot. States are immutable. */
interface State {
  position: number
  longestLease: number
  revoked: ReadonlySet<string>
  changes: readonly { position: number; id: string }[]
  leases: ReadonlyMap<string, StoredLease>
}

const EMPTY: State = {
  position: 0,
  longestLease: 0,
  revoked: new Set(),
  changes: [],
  leases: new Map(),
}

export type Replication = "synchronous" | "asynchronous"

/** A server with a standby. Commits become visible in order, as in PostgreSQL. */
export class SimulatedServer {
  timeline: string
  isCutOff = false
  isDead = false
  /** Milliseconds until the standby has most commits. */
  lag = 3
  /** All commits, some of which may still wait for the standby. */
  written: State
  visible: State
  standby: SimulatedServer | undefined
  #world: World
  #replication: Replication
  #lastReceived = 0

  constructor(
    world: World,
    { timeline, state, replication }: { timeline: string; state: State; replication: Replication },
  ) {
    this.#world = world
    this.timeline = timeline
    this.written = state
    this.visible = state
    this.#replication = replication
  }

  /** Makes a change durable, and resolves when the client may learn of it. */
  async commit(change: (state: State) => State): Promise<void> {
    this.written = change(this.written)
    const state = this.written
    const { standby } = this
    if (this.#replication === "asynchronous") this.visible = state
    if (!standby || this.isCutOff) return this.#unconfirmed()
    // In order, because the log is a stream.
    const delay = this.#world.between(0.1, this.#world.chance(0.1) ? 100 : this.lag)
    const at = Math.max(this.#lastReceived, this.#world.now + delay)
    this.#lastReceived = at
    const received = this.#world.delay(at - this.#world.now).then(() => {
      if (this.isCutOff || this.standby !== standby) return this.#unconfirmed()
      standby.written = state
      standby.visible = state
      this.visible = this.#replication === "synchronous" ? state : this.visible
      return Promise.resolve()
    })
    if (this.#replication === "synchronous") await received
  }

  /** Without its standby, a synchronous commit is never answered. */
  #unconfirmed(): Promise<void> {
    return this.#replication === "synchronous" ? new Promise(() => {}) : Promise.resolve()
  }

  /** Makes the standby the primary, with the commits that it has received. */
  promoteStandby(): SimulatedServer {
    const { standby } = this
    if (!standby) throw new TypeError("there is no standby")
    this.isCutOff = true
    this.standby = undefined
    standby.timeline = String(Number(this.timeline) + 1).padStart(8, "0")
    standby.standby = newStandby(this.#world, standby, this.#replication)
    return standby
  }

  read(id: string): { isRevoked: boolean; seen: { timeline: string; position: number } } {
    const { visible } = this
    return {
      isRevoked: visible.revoked.has(id),
      seen: { timeline: this.timeline, position: visible.position },
    }
  }

  /** @returns the timeline on which it was committed. */
  async revoke(id: string): Promise<{ committedOn: string; isFound: boolean }> {
    let isFound = false
    // The rest of the transaction.
    await this.#world.delay(this.#world.between(0, 20))
    await this.commit((state) => {
      if (state.revoked.has(id)) return state
      isFound = true
      const revoked = new Set(state.revoked).add(id)
      if (state.longestLease === 0) return { ...state, revoked }
      const position = state.position + 1
      return { ...state, position, revoked, changes: [...state.changes, { position, id }] }
    })
    return { committedOn: this.timeline, isFound }
  }

  async begin(params: { instanceId: string; token: string; length: number }) {
    const { instanceId, token, length } = params
    await this.commit((state) => {
      const isFirst = state.longestLease === 0
      const position = state.position + Number(isFirst)
      const known = [...state.leases].map(
        ([id, lease]) => [id, isFirst ? { ...lease, token: "none" } : lease] as const,
      )
      return {
        ...state,
        position,
        longestLease: Math.max(state.longestLease, length),
        leases: new Map(known).set(instanceId, { token, length, applied: position }),
      }
    })
    return { timeline: this.timeline }
  }

  async renew(
    params: {
      instanceId: string
      tokens: readonly string[]
      nextToken: string
      timeline: string
      applied: number | null
    },
    executionMs: number,
  ): Promise<Renewal> {
    const snapshot = this.visible
    const { timeline } = this
    const isCandidate = snapshot.leases.has(params.instanceId) && timeline === params.timeline
    await this.#world.delay(executionMs)
    let isRenewed = false
    if (isCandidate) {
      await this.commit((state) => {
        const lease = state.leases.get(params.instanceId)
        if (!lease || !params.tokens.includes(lease.token)) return state
        if (lease.length > snapshot.longestLease) return state
        isRenewed = true
        const leases = new Map(state.leases).set(params.instanceId, {
          ...lease,
          token: params.nextToken,
          applied: params.applied ?? lease.applied,
        })
        return { ...state, leases }
      })
    }
    const applied = params.applied
    return {
      isRenewed,
      timeline,
      position: snapshot.position,
      changes:
        applied === null
          ? null
          : snapshot.changes.filter(({ position }) => position > applied).map(({ id }) => id),
      now: this.#world.now,
    }
  }

  /** Ends the leases like an operator who believes that no instance holds any. */
  async endLeasesByHand(): Promise<void> {
    await this.commit((state) => ({ ...state, longestLease: 0 }))
  }

  async release(instanceId: string): Promise<void> {
    await this.commit((state) => without(state, (id) => id === instanceId))
  }

  find({ position }: { position: number | null }): LeaseStates {
    const { visible } = this
    const wanted = position ?? visible.position
    return {
      timeline: this.timeline,
      position: visible.position,
      longestLease: visible.longestLease,
      lagging: [...visible.leases]
        .filter(([, { applied }]) => applied < wanted)
        .map(([instanceId, { token, length }]) => ({ instanceId, token, length })),
    }
  }

  async forget(leases: readonly LaggingLease[]): Promise<void> {
    await this.commit((state) =>
      without(state, (id, { token }) =>
        leases.some((other) => other.instanceId === id && other.token === token),
      ),
    )
  }
}

function without(state: State, isGone: (id: string, lease: StoredLease) => boolean): State {
  return { ...state, leases: new Map([...state.leases].filter(([id, lease]) => !isGone(id, lease))) }
}

const newStandby = (world: World, primary: SimulatedServer, replication: Replication) =>
  new SimulatedServer(world, { timeline: primary.timeline, state: primary.written, replication })

export function createPrimary(world: World, replication: Replication, lag = 3): SimulatedServer {
  const primary = new SimulatedServer(world, { timeline: "00000001", state: EMPTY, replication })
  primary.lag = lag
  primary.standby = newStandby(world, primary, replication)
  return primary
}

export const noAnswer = () => new DatabaseUnavailable("no answer")
