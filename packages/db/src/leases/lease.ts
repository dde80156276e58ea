import { DatabaseUnavailable } from "../databaseUnavailable.ts"
import { type Changes, createChanges } from "./changes.ts"
import { type Clocks, elapsedSince, type Moment, momentOf } from "./clocks.ts"
import { marginOf } from "./marginOf.ts"

/** The database's answer to a renewal. */
export interface Renewal {
  /** False if the database no longer knows the lease, or if another server is the primary now. */
  isRenewed: boolean
  timeline: string
  /** The position of the newest change. */
  position: number
  /** The rows that have changed since the position that the instance had applied; null if that is not known. */
  changes: string[] | null
  /** By the database's clock, in milliseconds. */
  now: number
}

/** How an instance asks the database for leases. */
export interface LeaseStore {
  /** Registers the instance, without a lease. */
  begin(params: { instanceId: string; token: string; length: number }): Promise<{ timeline: string }>
  /** Renews the lease if its token is one of `tokens` and the timeline is the primary's. */
  renew(params: {
    instanceId: string
    tokens: readonly string[]
    nextToken: string
    timeline: string
    /** The position up to which the instance has applied the changes; null if it has none. */
    applied: number | null
  }): Promise<Renewal>
  /** Unregisters the instance. */
  release(params: { instanceId: string }): Promise<void>
}

/**
 * The right to answer from memory for a limited time (Gray and Cheriton, "Leases", 1989). An instance that takes a
 * right away waits until each instance has applied the change, or until its lease has run out. So an instance that
 * holds a lease knows all changes that were answered before it read the clock.
 */
export interface Lease {
  /** Whether the lease holds now. Call this only after the request whose verdict depends on it has arrived. */
  isHeld(): boolean
  /**
   * Resolves once a lease has been granted. It is renewed from then on.
   *
   * @throws {DatabaseUnavailable} if that takes too long.
   */
  hold(): Promise<void>
  readonly changes: Pick<Changes, "areCurrent" | "timeline" | "position" | "era">
  /** The latest possible time of the database's clock, in milliseconds; Infinity without a lease. */
  latestTime(): number
  /** Renews the lease now, because something has changed. Without a lease, requests the first one. */
  renew(): void
  /** Stops answering from memory, and gives up the lease. */
  close(): Promise<void>
}

/** How long a verdict waits for a lease. */
const PATIENCE_MS = 1_500

/** The pause after a failed renewal, which doubles up to the usual one. */
const FIRST_PAUSE_MS = 50

/** Renewals without an answer before the instance starts over. */
const MAX_TOKENS = 10

/**
 * Creates a lease that is not requested before the first call of `hold`.
 *
 * @param options.length of a lease in milliseconds.
 * @param options.newId returns random UUIDs.
 * @param options.onError called with failed renewals.
 */
export function createLease(
  store: LeaseStore,
  options: { length: number; clocks: Clocks; newId: () => string; onError: (error: unknown) => void },
): Lease {
  const { length, clocks, newId } = options
  const usableMs = length - marginOf(length)
  const changes = createChanges()
  /** The lease, which counts from the moment before it was requested. */
  let grant: { asked: Moment; databaseTime: number } | undefined
  /** The instance's id in the database, and the tokens, one of which the database has. */
  let known: { instanceId: string; tokens: string[] } | undefined
  let isClosed = false
  let isWanted = false
  let failures = 0
  let running: Promise<void> | undefined
  let cancelTimer = () => {}
  const waiting = new Set<() => void>()

  const isHeld = () => grant !== undefined && elapsedSince(grant.asked, clocks) < usableMs

  /** Forgets everything that another server has reported and granted. */
  function forgetServer(timeline: string) {
    grant = undefined
    known = undefined
    changes.begin(timeline)
  }

  async function begin(): Promise<{ instanceId: string; tokens: string[]; timeline: string }> {
    const [instanceId, token] = [newId(), newId()]
    const begun = await store.begin({ instanceId, token, length })
    // If the database does not know the instance, an older backup may have been restored, whose positions stand for
    // other changes, even if it has as many changes by now.
    forgetServer(begun.timeline)
    known = { instanceId, tokens: [token] }
    return { ...known, timeline: begun.timeline }
  }

  /** @returns whether to renew again at once, so that the database learns what was applied. */
  async function renewOnce(): Promise<boolean> {
    const { timeline } = changes
    const instance = known && timeline !== undefined ? { ...known, timeline } : await begin()
    if (isClosed) return false
    const nextToken = newId()
    // If there is no answer, the database may have any of these tokens.
    known = { instanceId: instance.instanceId, tokens: [...instance.tokens, nextToken] }
    const applied = changes.position
    const asked = momentOf(clocks)
    const answer = await store.renew({ ...instance, nextToken, applied })
    if (isClosed) return false
    if (!answer.isRenewed) {
      // An earlier lease stays valid until the instance is registered again.
      known = undefined
      return true
    }
    if (applied !== null && answer.position < applied) {
      // An older backup has been restored, whose positions stand for other changes.
      forgetServer(answer.timeline)
      return true
    }
    known = { instanceId: instance.instanceId, tokens: [nextToken] }
    if (applied !== answer.position) changes.note(answer.position, applied === null ? null : answer.changes)
    grant = { asked, databaseTime: answer.now }
    for (const resolve of waiting) resolve()
    waiting.clear()
    return applied !== answer.position
  }

  async function run() {
    do {
      isWanted = false
      try {
        if (await renewOnce()) isWanted = true
        failures = 0
      } catch (error) {
        failures++
        if ((known?.tokens.length ?? 0) > MAX_TOKENS) known = undefined
        if (!isClosed) options.onError(error)
      }
    } while (isWanted && failures === 0 && !isClosed)
    running = undefined
    if (isClosed) return
    const usual = length / 3
    cancelTimer = clocks.after(
      failures > 0 ? Math.min(usual, FIRST_PAUSE_MS * 2 ** (failures - 1)) : usual,
      renew,
    )
  }

  function renew() {
    isWanted = true
    if (running || isClosed) return
    cancelTimer()
    running = run()
  }

  async function hold(): Promise<void> {
    if (isHeld()) return
    // After a failure, the pause must pass first.
    if (failures === 0) renew()
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        cancel()
        resolve()
      }
      const cancel = clocks.after(PATIENCE_MS, () => {
        waiting.delete(done)
        reject(new DatabaseUnavailable("the database grants no lease now"))
      })
      waiting.add(done)
    })
  }

  return {
    isHeld,
    hold,
    changes,
    renew,
    latestTime: () =>
      grant === undefined
        ? Number.POSITIVE_INFINITY
        : grant.databaseTime + elapsedSince(grant.asked, clocks) + marginOf(length),
    async close() {
      isClosed = true
      grant = undefined
      cancelTimer()
      await running
      if (known) await store.release({ instanceId: known.instanceId }).catch(options.onError)
    },
  }
}
