import { type Database, touchApiKeys } from "@latchkey/db"
import { type RegularWrite, writeRegularly } from "../writeRegularly.ts"

/** Few enough for one statement to write within its time limit. */
const MAX_AT_ONCE = 5_000

const INTERVAL_MS = 5_000

/** Collects the keys that were used and writes them in one statement every few seconds. A failed write is repeated. */
export interface LastUsed extends RegularWrite {
  note(apiKeyId: string): void
}

/** @param onError called when a write fails. The collected keys are not lost. */
export function createLastUsed(db: Database, onError: (error: unknown) => void): LastUsed {
  let used = new Set<string>()

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

  return { note: (apiKeyId) => void used.add(apiKeyId), ...writeRegularly(write, INTERVAL_MS) }
}
