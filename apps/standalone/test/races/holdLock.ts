import { connect, type ReservedSql } from "@latchkey/test-postgres"
import { vi } from "vitest"

export interface HeldLock {
  /** Resolves when at least so many statements on the database wait for a lock. */
  untilWaiting(count: number): Promise<void>
  /** Rolls back what took the lock, and lets those that wait go on. */
  release(): Promise<void>
  /** Commits it instead. */
  commit(): Promise<void>
}

/** Takes a lock in a transaction of the test's own, which holds open the race of all that wait for it. */
export async function holdLock(
  databaseUrl: string,
  takeLock: (transaction: ReservedSql) => Promise<unknown>,
): Promise<HeldLock> {
  const [holder, watcher] = [connect(databaseUrl), connect(databaseUrl)]
  const transaction = await holder.reserve()
  await transaction`begin`
  await takeLock(transaction)

  async function close() {
    transaction.release()
    await Promise.all([holder.end(), watcher.end()])
  }

  return {
    untilWaiting: (count) =>
      vi.waitFor(
        async () => {
          const [row] = await watcher<{ waiting: number }[]>`
            select count(*)::int as waiting from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`
          if ((row?.waiting ?? 0) < count) throw new Error(`${row?.waiting} of ${count} wait`)
        },
        { timeout: 10_000, interval: 20 },
      ),
    async release() {
      await transaction`rollback`
      await close()
    },
    async commit() {
      await transaction`commit`
      await close()
    },
  }
}
