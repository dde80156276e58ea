import { DatabaseUnavailable } from "./databaseUnavailable.ts"

/** How many queries run at once, and who waits; first come, first served. */
export interface Slots {
  /**
   * Takes a slot: null when there was one, else a promise of the next that is free.
   *
   * @throws {DatabaseUnavailable} when as many wait as may, or, from the promise, when none was free in time.
   */
  take(): Promise<void> | null
  /** Gives a slot back, to whoever waits longest. */
  free(): void
  usage(): SlotUsage
}

export interface SlotUsage {
  size: number
  inUse: number
  waiting: number
  /** How many were refused so far. */
  refused: number
}

export interface SlotLimits {
  size: number
  maxWaiting: number
  maxWaitMs: number
}

export function createSlots({ size, maxWaiting, maxWaitMs }: SlotLimits): Slots {
  /** In the order of their coming. */
  const waiting = new Set<() => void>()
  let inUse = 0
  let refused = 0

  function refuse(why: string) {
    refused++
    return new DatabaseUnavailable(why)
  }

  function wait() {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(enter)
        reject(refuse(`no connection was free within ${maxWaitMs} ms`))
      }, maxWaitMs)
      function enter() {
        clearTimeout(timer)
        resolve()
      }
      waiting.add(enter)
    })
  }

  return {
    take() {
      if (inUse < size) {
        inUse++
        return null
      }
      if (waiting.size >= maxWaiting) throw refuse("too many queries wait for a connection")
      return wait()
    },
    free() {
      for (const enter of waiting) {
        waiting.delete(enter)
        enter()
        return
      }
      inUse--
    },
    usage: () => ({ size, inUse, waiting: waiting.size, refused }),
  }
}
