import { type Database, touchApiKeys } from "@latchkey/db"

/** What one statement writes well within its time. */
const MAX_AT_ONCE = 5_000

const INTERVAL_MS = 5_000

/** Gathers which keys were used and writes it every few seconds in one statement, so that no request waits for it. */
export interface LastUsed {
  note(apiKeyId: string): void
  /** Writes what was gathered. What could not be written is kept for the next time. */
  flush(): Promise<void>
  /** Writes for the last time. */
  close(): Promise<void>
}

/** @param onError is told when a write failed; the uses are not lost. */
export function createLastUsed(db: Database, onError: (error: unknown) => void): LastUsed {
  let used = new Set<string>()
  let inFlight: Promise<void> = Promise.resolve()

  async function write() {
    if (used.size === 0) return
    const ids = [...used]
    used = new Set()
    try {
      while (ids.length > 0) {
        await touchApiKeys(db, { ids: ids.slice(-MAX_AT_ONCE) })
        ids.splice(-MAX_AT_ONCE)
      }
    } catch (error) {
      for (const id of ids) used.add(id)
      onError(error)
    }
  }
  function flush() {
    inFlight = inFlight.then(write)
    return inFlight
  }
  const timer = setInterval(flush, INTERVAL_MS).unref()

  return {
    note: (apiKeyId) => void used.add(apiKeyId),
    flush,
    close() {
      clearInterval(timer)
      return flush()
    },
  }
}
