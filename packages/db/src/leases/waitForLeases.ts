import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import type { Clocks } from "./clocks.ts"
import { marginOf } from "./marginOf.ts"

/** An instance that has not applied a change yet. */
export interface LaggingLease {
  instanceId: string
  token: string
  /** The length of its lease in milliseconds. */
  length: number
}

/** The state of the instances. */
export interface LeaseStates {
  timeline: string
  /** The position of the newest change. */
  position: number
  /** The length of the longest lease in milliseconds; 0 if there are none. */
  longestLease: number
  /** The instances that have not applied all changes up to the requested position, or else the newest. */
  lagging: LaggingLease[]
}

export interface LeaseStatesStore {
  find(params: { position: number | null }): Promise<LeaseStates>
  /** Unregisters instances that have not renewed their leases since. */
  forget(params: { leases: readonly LaggingLease[] }): Promise<void>
  /** When a timeline was first seen, by the steady clock; undefined if that is not known. */
  seenAt(timeline: string): number | undefined
}

/** Milliseconds between two checks; they double from the first value up to the second. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [2, 50]

/**
 * Resolves when no instance honors the rights any longer that were taken away before the call: each instance has
 * applied the change, or its lease has run out. That takes at most the length of a lease and a margin. Clocks of
 * different machines are never compared.
 *
 * @param committedOn the timeline of the server that has committed the change; null if that is not known.
 * @throws {DatabaseUnavailable} with `begun`, if the database does not tell whether they have.
 */
export type WaitForLeases = (committedOn: string | null) => Promise<void>

export function createWaitForLeases(store: LeaseStatesStore, clocks: Clocks): WaitForLeases {
  /** The primary's timeline, and when it was first seen here. */
  let current: { timeline: string; seenAt: number } | undefined

  async function find(position: number | null) {
    const states = await store.find({ position })
    const { timeline } = states
    if (current?.timeline !== timeline)
      current = { timeline, seenAt: store.seenAt(timeline) ?? clocks.steady() }
    return { ...states, firstSeenAt: current.seenAt }
  }

  const endOf = (length: number, from: number) => from + length + marginOf(length)

  /** Unregisters leases that were granted before `seenAt` and not renewed since, once they have run out. */
  function forgetLater(leases: readonly LaggingLease[], seenAt: number) {
    if (leases.length === 0) return
    const longest = Math.max(...leases.map(({ length }) => length))
    clocks.after(endOf(longest, seenAt) - clocks.steady(), () => {
      // If this fails, the next caller that waits for these leases tries again.
      store.forget({ leases }).catch(() => {})
    })
  }

  /** @returns false if another server has become the primary meanwhile. */
  async function wait(committedOn: string | null): Promise<boolean> {
    const since = clocks.steady()
    const { timeline, position, longestLease, lagging, firstSeenAt } = await find(null)
    // An old primary that was cut off has neither the change nor the newest leases.
    if (committedOn !== null && timeline < committedOn)
      throw new Error("this server is no longer the primary")
    if (longestLease === 0) return true
    const seenAt = clocks.steady()
    // A failover can have lost leases that were granted before it.
    const completeAt = Math.min(endOf(longestLease, firstSeenAt), endOf(longestLease, since))
    let behind = lagging
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const now = clocks.steady()
      if (now >= completeAt && behind.every(({ length }) => now >= endOf(length, since))) {
        const tokens = new Set(lagging.map(({ token }) => token))
        forgetLater(
          behind.filter(({ token }) => tokens.has(token)),
          seenAt,
        )
        return true
      }
      await clocks.sleep(pause)
      const next = await find(position)
      if (next.timeline !== timeline) return false
      behind = next.lagging
    }
  }

  return async (committedOn) => {
    try {
      while (!(await wait(committedOn))) {
        // Starts over, because the new primary has other leases.
      }
    } catch (error) {
      throw new DatabaseUnavailable(
        "the change was made, but it is unknown whether all instances have applied it",
        {
          cause: error,
          begun: true,
        },
      )
    }
  }
}
