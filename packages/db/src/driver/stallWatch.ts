import { setTimeout as sleep } from "node:timers/promises"

/**
 * Tracks the connections whose commit has not been answered for too long. With synchronous replication, a commit may
 * wait for as long as the standby is gone. It must not be cancelled, since PostgreSQL would then report success for
 * data that only one server holds; and replacing its connection would leave a waiting server process behind each
 * time. So these connections keep their places in the pool until the server says that no commit is waiting, which
 * means that the connection itself is dead.
 */
export interface StallWatch {
  readonly size: number
  /** @param end ends the connection. */
  add(end: () => void): void
  delete(end: () => void): void
}

const ASK_EVERY_MS = 500

/** Whether a commit has waited for longer than a slow network or a busy standby would explain. */
export const STALLED_COMMITS = `
  select exists (
    select from pg_stat_activity
    where wait_event = 'SyncRep' and state_change < clock_timestamp() - interval '2 seconds'
  )`

/** @param areCommitsStalled queries the server over another connection. */
export function createStallWatch(areCommitsStalled: () => Promise<boolean>): StallWatch {
  const stalled = new Set<() => void>()
  let isWatching = false

  async function watch() {
    isWatching = true
    while (stalled.size > 0) {
      await sleep(ASK_EVERY_MS, undefined, { ref: false })
      const asked = [...stalled]
      try {
        if (!(await areCommitsStalled())) for (const end of asked) end()
      } catch {
        // The server is unreachable; the next check repeats the query.
      }
    }
    isWatching = false
  }

  return {
    get size() {
      return stalled.size
    },
    add(end) {
      stalled.add(end)
      if (!isWatching) void watch()
    },
    delete: (end) => void stalled.delete(end),
  }
}
