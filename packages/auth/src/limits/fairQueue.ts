import pLimit from "p-limit"
import { AuthError } from "../errors.ts"

/** Runs a call in its client's turn. @throws {AuthError} `UNAVAILABLE`, before the call has begun. */
export type RunQueued = <T>(client: string, run: () => Promise<T>) => Promise<T>

/**
 * Shares a few places between clients. Clients take turns, so that a call waits for at most one call of each other
 * client, however many those have waiting.
 */
export interface FairQueue {
  /** For the calls of one request: they queue behind each other first, and only then with those of other requests. */
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
  /** How many of those are one client's. */
  placesPerClient: number
  /** How many calls of one request run or wait for a place at once. */
  callsPerRequest: number
  /** How many calls wait for a place. One client may have as many waiting as there is room left for others. */
  maxWaiting: number
  /** Milliseconds for which a call waits. */
  patience: number
  /**
   * Milliseconds. Between two calls of a client that has more waiting, its place rests for as long as the first took,
   * up to this. All answers are made on one thread, and a client that asks without a pause must leave some of it.
   */
  maxRest: number
}

interface Client {
  /** Places taken by calls, or at rest. */
  taken: number
  /** Each begins a call, oldest first. */
  waiting: Set<() => void>
}

/** Made once, as refusals come in floods, and an error's stack costs as much as all the rest of one. */
const REFUSAL = new AuthError("UNAVAILABLE", "Too many calls are waiting; try again shortly.", {
  retryAfter: 1,
})

export function createFairQueue(limits: FairQueueLimits): FairQueue {
  /** Those that have a call running or waiting; whose turn was longest ago comes first. */
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

  function release(name: string, client: Client, startedAt: number) {
    running--
    const rest = client.waiting.size > 0 ? Math.min(performance.now() - startedAt, limits.maxRest) : 0
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
    if (client.taken === 0 && client.waiting.size === 0) clients.delete(name)
  }

  function beginNext() {
    for (const [name, client] of clients) {
      if (!hasPlace(client)) continue
      for (const begin of client.waiting) {
        occupy(name, client)
        begin()
        return
      }
    }
  }

  function wait(name: string, client: Client, milliseconds: number) {
    return new Promise<void>((resolve, reject) => {
      function leave() {
        clearTimeout(timer)
        client.waiting.delete(begin)
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
      client.waiting.add(begin)
      waiting++
    })
  }

  async function runQueued<T>(name: string, giveUpAt: number, run: () => Promise<T>): Promise<T> {
    const patience = giveUpAt - performance.now()
    if (patience <= 0) throw refuse()
    const client = clients.get(name) ?? { taken: 0, waiting: new Set() }
    // A place is free only while all clients that wait have as many as they may have.
    if (hasPlace(client)) occupy(name, client)
    else {
      if (client.waiting.size >= limits.maxWaiting - waiting) throw refuse()
      clients.set(name, client)
      await wait(name, client, patience)
    }
    const startedAt = performance.now()
    try {
      return await run()
    } finally {
      release(name, client, startedAt)
    }
  }

  return {
    forRequest() {
      const limit = pLimit(limits.callsPerRequest)
      return (client, run) => {
        const giveUpAt = performance.now() + limits.patience
        return limit(() => runQueued(client, giveUpAt, run))
      }
    },
    usage: () => ({ running, waiting, refused }),
  }
}
