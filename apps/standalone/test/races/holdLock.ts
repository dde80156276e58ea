import { connect, eventually, type ReservedSql } from "@latchkey/test-postgres"

export interface HeldLock {
  /** Resolves when at least `count` statements on the database wait for a lock. */
  untilWaiting(count: number): Promise<void>
  /** Rolls back the transaction, so that the waiting statements continue. */
  release(): Promise<void>
  /** Commits the transaction, so that the waiting statements continue. */
  commit(): Promise<void>
}

/** Takes a lock in the test's own transaction. Statements that need it wait, which holds a race open. */
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
      eventually(async () => {
        const [row] = await watcher<{ waiting: number }[]>`
            select count(*)::int as waiting from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`
        if ((row?.waiting ?? 0) < count) throw new Error(`${row?.waiting} of ${count} statements are waiting`)
      }),
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
