import { type Database, touchApiKeys } from "@latchkey/db"

/** Few enough for one statement to write within its time limit. */
const MAX_AT_ONCE = 5_000

const INTERVAL_MS = 5_000

/** Collects the keys that were used and writes them in one statement every few seconds, so that no request waits. */
export interface LastUsed {
  note(apiKeyId: string): void
  /** Writes the collected keys, and keeps them for the next attempt if that fails. */
  flush(): Promise<void>
  /** Writes the collected keys for the last time. */
  close(): Promise<void>
}

/** @param onError called when a write fails. The collected keys are not lost. */
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
