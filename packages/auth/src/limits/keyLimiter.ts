import type { CounterState, NewCalls } from "@latchkey/db"
import { createCache } from "../createCache.ts"
import { type RegularWrite, writeRegularly } from "../writeRegularly.ts"
import { CallWindow, isOpen, type StoredWindow } from "./callWindow.ts"
import type { RateLimitStatus } from "./rateLimitStatus.ts"

/** A key's limit, and its counter as it was read when the key was verified. */
export interface LimitedKey {
  /** Keys that replace one another share a counter. */
  counterId: string
  /** Calls in a window, which begins with the first of them. */
  limit: number
  /** The window's length in seconds. */
  window: number
  /** Milliseconds by the database's clock at the read. */
  now: number
  /** The newest window, which may be over. */
  stored: StoredWindow | null
}

/** Adds calls to counters in one statement. Returns the counters whose window was not over by then. */
export type AddCalls = (calls: readonly NewCalls[]) => Promise<CounterState[]>

/**
 * Counts calls by key towards the limit of each key. A verdict takes into account all calls that any instance has
 * written, and this instance's own. So the calls beyond the limit are at most those that the instances have accepted
 * since they last wrote. A single instance accepts none.
 */
export interface KeyLimiter extends RegularWrite {
  /** Counts a call if it is within the limit. */
  count(key: LimitedKey): RateLimitStatus
  /** The state of the limit, without counting. */
  peek(key: LimitedKey): RateLimitStatus
}

const INTERVAL_MS = 1_000

/** More keys than an instance verifies in a second. Each is about 200 bytes. */
const MAX_WINDOWS = 50_000

/** Few enough for one statement to write within its time limit. */
const MAX_AT_ONCE = 5_000

/**
 * @param options.onError called when a write fails. Its calls are written with the next: it may have taken effect, and
 *   then a key is refused too early rather than too late.
 */
export function createKeyLimiter(
  addCalls: AddCalls,
  { onError, maxWindows = MAX_WINDOWS }: { onError: (error: unknown) => void; maxWindows?: number },
): KeyLimiter {
  /** Windows with calls to write, and the length of each. */
  let unwritten = new Map<CallWindow, { counterId: string; seconds: number }>()
  // If a window were forgotten before its calls are written, there would be a second one.
  const windows = createCache<CallWindow>(maxWindows, {
    dispose: (window) => unwritten.delete(window),
  })

  function openWindow({ counterId, window: seconds, now, stored }: LimitedKey): CallWindow {
    const newest = stored && isOpen(stored.startedAt, { now, seconds }) ? stored : null
    const known = windows.get(counterId)
    if (known && isOpen(known.startedAt, { now, seconds }) && (!newest || known.observe(newest))) return known
    const opened = newest ? CallWindow.fromStored(newest) : CallWindow.begin(now)
    windows.set(counterId, opened)
    return opened
  }

  const status = ({ limit, window: seconds, now }: LimitedKey, window: CallWindow, isRefused: boolean) => ({
    limit: "key",
    count: limit,
    seconds,
    reset: Math.max(1, Math.ceil((window.startedAt + seconds * 1000 - now) / 1000)),
    remaining: Math.max(0, limit - window.calls),
    isRefused,
  })

  async function write() {
    const batch = [...unwritten].map(([window, { counterId, seconds }]) => ({ window, counterId, seconds }))
    unwritten = new Map()
    while (batch.length > 0) {
      const part = batch.slice(-MAX_AT_ONCE)
      try {
        await writePart(part)
      } catch (error) {
        for (const { window, ...counter } of batch) {
          // By now it may be over or forgotten.
          if (windows.peek(counter.counterId) === window) unwritten.set(window, counter)
        }
        return onError(error)
      }
      batch.splice(-MAX_AT_ONCE)
    }
  }

  async function writePart(part: readonly { window: CallWindow; counterId: string; seconds: number }[]) {
    const calls = part.map(({ window, ...counter }) => ({
      ...counter,
      startedAt: window.startedAt,
      calls: window.send(),
    }))
    let counters: CounterState[]
    try {
      counters = await addCalls(calls)
    } catch (error) {
      for (const { window } of part) window.notWritten()
      throw error
    }
    const byId = new Map(counters.map((counter) => [counter.counterId, counter]))
    for (const { window, counterId } of part) {
      const written = byId.get(counterId)
      if (written) window.written(written)
      else if (windows.peek(counterId) === window) windows.delete(counterId)
    }
  }

  return {
    ...writeRegularly(write, INTERVAL_MS),
    count(key) {
      const window = openWindow(key)
      if (window.calls >= key.limit) return status(key, window, true)
      window.add()
      unwritten.set(window, { counterId: key.counterId, seconds: key.window })
      return status(key, window, false)
    },
    peek: (key) => status(key, openWindow(key), false),
  }
}
