import type { CounterState } from "@latchkey/db"
import { isOpen } from "../src/limits/callWindow.ts"
import type { AddCalls } from "../src/limits/keyLimiter.ts"

/** A counter of one key like the database's, whose clock the test sets, and whose writes it holds. */
export class FakeCounter {
  now = 1_000_000
  stored: CounterState | null = null
  /** How many statements have written. */
  writes = 0

  /** Adds calls at once. */
  readonly addCalls: AddCalls = async (calls) => {
    this.writes++
    return calls.flatMap(({ counterId, startedAt, seconds, calls }) => {
      const time = { now: this.now, seconds }
      if (!isOpen(startedAt, time)) return []
      const open = this.stored && isOpen(this.stored.startedAt, time) ? this.stored : null
      this.stored = open
        ? { ...open, calls: open.calls + calls }
        : { counterId, startedAt: Math.floor(startedAt), calls }
      return [this.stored]
    })
  }

  /** The result of reading a key. */
  read(limit: number, window: number) {
    return { counterId: "k", limit, window, now: this.now, stored: this.stored }
  }
}
