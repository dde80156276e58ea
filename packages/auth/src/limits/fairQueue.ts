import pLimit from "p-limit"
import { AuthError } from "../errors.ts"

/**
 * Runs a call in its client's turn. A client's lanes, such as a user's sessions, take turns within the client's share.
 *
 * @throws {AuthError} `UNAVAILABLE`, before the call has begun.
 */
export type RunQueued = <T>(
  client: string,
  run: (leavePlace: LeavePlace) => Promise<T>,
  lane?: string,
) => Promise<T>

/** Leaves a call's place to other clients before the call ends. Its own client's share stays taken until then. */
export type LeavePlace = () => void

/**
 * Shares a few places between clients. Clients take turns, so a call waits for at most one call of each other client,
 * however many calls those have waiting.
 */
export interface FairQueue {
  /** For the calls of one request: they first queue behind each other, and only then with calls of other requests. */
  forRequest(): RunQueued
  usage(): FairQueueUsage
}

export interface FairQueueUsage {
  running: number
  waiting: number
  /** How many were refused so far. */
  refused: number
}

export interface FairQueueLimits {
  /** How many calls run at once. */
  places: number
  /** How many of these may belong to one client. */
  placesPerClient: number
  /** How many calls of one request run or wait for a place at once. */
  callsPerRequest: number
  /**
   * How many calls may wait for a place. One client may have as many calls waiting as there is room left for other
   * clients, and each of its lanes four times as many as there is room left for its other lanes.
   */
  maxWaiting: number
  /** Milliseconds for which a call waits. */
  patience: number
  /**
   * Milliseconds. Between two calls of a client that has more calls waiting, its place rests for as long as the first
   * call took, up to this time. All calls share one thread, and a client that calls without a pause must leave some
   * of its time to others.
   */
  maxRest: number
}

interface Client {
  /** Places taken by calls, or at rest. */
  taken: number
  waiting: number
  /**
   * The clients that have calls waiting, sorted by their last turn, with the earliest first. Each entry begins a
   * call, oldest first.
   */
  lanes: Map<string, Set<() => void>>
}

interface RunningCall {
  hasPlace: boolean
  startedAt: number
}

/** Created once, because refusals come in floods, and an error's stack costs as much as the rest of a refusal. */
const REFUSAL = new AuthError("UNAVAILABLE", "Too many calls are waiting; try again shortly.", {
  retryAfter: 1,
})

export function createFairQueue(limits: FairQueueLimits): FairQueue {
  /** The lanes that have a call running or waiting, sorted by their last turn, with the earliest first. */
  const clients = new Map<string, Client>()
  let running = 0
  let waiting = 0
  let refused = 0

  function refuse() {
    refused++
    return REFUSAL
  }

  const hasPlace = (client: Client) => running < limits.places && client.taken < limits.placesPerClient

  function occupy(name: string, client: Client) {
    running++
    client.taken++
    clients.delete(name)
    clients.set(name, client)
  }

  /** Frees the place of a call, unless the call has left it. */
  function vacate(call: RunningCall) {
    if (call.hasPlace) running--
    call.hasPlace = false
  }

  function leavePlace(call: RunningCall) {
    vacate(call)
    beginNext()
  }

  function release(name: string, client: Client, call: RunningCall) {
    vacate(call)
    const rest = client.waiting > 0 ? Math.min(performance.now() - call.startedAt, limits.maxRest) : 0
    if (rest > 0) {
      setTimeout(() => endRest(name, client), rest)
      beginNext()
    } else endRest(name, client)
  }

  function endRest(name: string, client: Client) {
    client.taken--
    forgetIdle(name, client)
    beginNext()
  }

  function forgetIdle(name: string, client: Client) {
    if (client.taken === 0 && client.waiting === 0) clients.delete(name)
  }

  function beginNext() {
    for (const [name, client] of clients) {
      if (!hasPlace(client)) continue
      for (const [lane, begins] of client.lanes) {
        const [begin] = begins
        client.lanes.delete(lane)
        client.lanes.set(lane, begins)
        occupy(name, client)
        begin?.()
        return
      }
    }
  }

  function wait(name: string, client: Client, lane: string, milliseconds: number) {
    const begins = client.lanes.get(lane) ?? new Set()
    client.lanes.set(lane, begins)
    return new Promise<void>((resolve, reject) => {
      function leave() {
        clearTimeout(timer)
        begins.delete(begin)
        if (begins.size === 0) client.lanes.delete(lane)
        client.waiting--
        waiting--
      }
      const timer = setTimeout(() => {
        leave()
        forgetIdle(name, client)
        reject(refuse())
      }, milliseconds)
      function begin() {
        leave()
        resolve()
      }
      begins.add(begin)
      client.waiting++
      waiting++
    })
  }

  async function runQueued<T>(
    name: string,
    lane: string,
    giveUpAt: number,
    run: (leavePlace: LeavePlace) => Promise<T>,
  ) {
    const patience = giveUpAt - performance.now()
    if (patience <= 0) throw refuse()
    const client = clients.get(name) ?? { taken: 0, waiting: 0, lanes: new Map() }
    // If a place is free, all waiting clients have as many places as they may have.
    if (hasPlace(client)) occupy(name, client)
    else {
      const room = limits.maxWaiting - waiting - client.waiting
      if ((client.lanes.get(lane)?.size ?? 0) >= 4 * room) throw refuse()
      clients.set(name, client)
      await wait(name, client, lane, patience)
    }
    const call = { hasPlace: true, startedAt: performance.now() }
    try {
      return await run(() => leavePlace(call))
    } finally {
      release(name, client, call)
    }
  }

  return {
    forRequest() {
      const limit = pLimit(limits.callsPerRequest)
      return (client, run, lane = "") => {
        const giveUpAt = performance.now() + limits.patience
        return limit(() => runQueued(client, lane, giveUpAt, run))
      }
    },
    usage: () => ({ running, waiting, refused }),
  }
}
