import { addUsage, type Database } from "@latchkey/db"
import { type RegularWrite, writeRegularly } from "../writeRegularly.ts"

/** Few enough for one statement to write within its time limit. */
const MAX_AT_ONCE = 5_000

const INTERVAL_MS = 5_000

const DAY_MS = 86_400_000

/** Counts calls by key and day and writes them in one statement every few seconds. A failed write is repeated. */
export interface Usage extends RegularWrite {
  /** @param at the time of the call, in milliseconds of the database's clock. */
  note(apiKeyId: string, call: { at: number; isLimited: boolean }): void
}

interface Calls {
  accepted: number
  limited: number
}

/** @param onError called when a write fails. Its calls are not lost; if it took effect nevertheless, they count twice. */
export function createUsage(db: Database, onError: (error: unknown) => void): Usage {
  /** By the number of the day since 1970 in UTC, and by key. */
  let days = new Map<number, Map<string, Calls>>()

  function callsOf(apiKeyId: string, day: number): Calls {
    const keys = days.get(day) ?? new Map<string, Calls>()
    if (keys.size === 0) days.set(day, keys)
    const calls = keys.get(apiKeyId) ?? { accepted: 0, limited: 0 }
    keys.set(apiKeyId, calls)
    return calls
  }

  async function write() {
    const gathered = [...days].flatMap(([day, keys]) =>
      [...keys].map(([apiKeyId, calls]) => ({ apiKeyId, day, ...calls })),
    )
    days = new Map()
    try {
      while (gathered.length > 0) {
        const part = gathered.slice(-MAX_AT_ONCE)
        await addUsage(db, { usage: part.map((calls) => ({ ...calls, day: dateOf(calls.day) })) })
        gathered.splice(-MAX_AT_ONCE)
      }
    } catch (error) {
      for (const { apiKeyId, day, accepted, limited } of gathered) {
        const calls = callsOf(apiKeyId, day)
        calls.accepted += accepted
        calls.limited += limited
      }
      onError(error)
    }
  }

  return {
    ...writeRegularly(write, INTERVAL_MS),
    note(apiKeyId, { at, isLimited }) {
      const calls = callsOf(apiKeyId, Math.floor(at / DAY_MS))
      if (isLimited) calls.limited++
      else calls.accepted++
    },
  }
}

const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10)
