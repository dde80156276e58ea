import { DatabaseUnavailable } from "../databaseUnavailable.ts"

/** Bounds the number of concurrent queries. The others wait in order of arrival. */
export interface Semaphore {
  /**
   * Acquires a slot: returns null if one is free, otherwise a promise of the next free slot.
   *
   * @throws {DatabaseUnavailable} if too many queries are waiting; the promise rejects with it if no slot is free in
   *   time.
   */
  acquire(isWrite: boolean): Promise<void> | null
  /** Releases a slot to the query that has waited longest among those that may have it. */
  release(isWrite: boolean): void
  usage(): SemaphoreUsage
}

export interface SemaphoreUsage {
  size: number
  inUse: number
  waiting: number
  /** How many queries have been refused so far. */
  refused: number
}

export interface SemaphoreLimits {
  size: number
  /** How many slots writes may hold at once, so that reads continue when writes hang. */
  maxWrites: number
  /** How many reads may wait, and also how many writes. */
  maxWaiting: number
  maxWaitMs: number
}

interface Waiting {
  isWrite: boolean
  enter(): void
}

export function createSemaphore({ size, maxWrites, maxWaiting, maxWaitMs }: SemaphoreLimits): Semaphore {
  /** In order of arrival. */
  const waiting = new Set<Waiting>()
  let inUse = 0
  let writes = 0
  let refused = 0

  const isFree = (isWrite: boolean) => inUse < size && (!isWrite || writes < maxWrites)

  function occupy(isWrite: boolean) {
    inUse++
    if (isWrite) writes++
  }

  function countWaiting(isWrite: boolean) {
    let count = 0
    for (const other of waiting) if (other.isWrite === isWrite) count++
    return count
  }

  function refuse(why: string) {
    refused++
    return new DatabaseUnavailable(why)
  }

  function wait(isWrite: boolean) {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(entry)
        reject(refuse(`no connection was free within ${maxWaitMs} ms`))
      }, maxWaitMs)
      const entry: Waiting = {
        isWrite,
        enter() {
          waiting.delete(entry)
          clearTimeout(timer)
          occupy(isWrite)
          resolve()
        },
      }
      waiting.add(entry)
    })
  }

  return {
    acquire(isWrite) {
      if (isFree(isWrite)) {
        occupy(isWrite)
        return null
      }
      if (waiting.size >= maxWaiting && countWaiting(isWrite) >= maxWaiting) {
        throw refuse("too many queries are waiting for a connection")
      }
      return wait(isWrite)
    },
    release(isWrite) {
      inUse--
      if (isWrite) writes--
      for (const entry of waiting) {
        if (!isFree(entry.isWrite)) continue
        entry.enter()
        return
      }
    },
    usage: () => ({ size, inUse, waiting: waiting.size, refused }),
  }
}
