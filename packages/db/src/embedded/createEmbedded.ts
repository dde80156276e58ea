import { setImmediate as turn } from "node:timers/promises"
import type { PGlite } from "@electric-sql/pglite"
import type { Database, DatabaseHandle, DatabaseOptions } from "../database.ts"
import type { Permit } from "../driver/permit.ts"
import { setPool, WAITING } from "../driver/pool.ts"
import { createRetryConflicts } from "../driver/retryConflicts.ts"
import { createSemaphore } from "../driver/semaphore.ts"
import { findPending, migrateDatabase } from "../migrate/migrateDatabase.ts"
import { quoteIdentifier } from "../schemaName.ts"

/** An embedded database that is open. */
export interface OpenEmbedded {
  client: PGlite
  close(): Promise<void>
}

/** Creates the handle of an embedded database. */
export async function createEmbedded(
  { client, close }: OpenEmbedded,
  { onQuery, schema }: DatabaseOptions & { schema: string },
): Promise<DatabaseHandle> {
  const { drizzle } = await import("drizzle-orm/pglite")
  await client.query(`set search_path to ${quoteIdentifier(schema)}`)
  // PGlite queues queries itself, without a bound on their number or their wait.
  const semaphore = createSemaphore({ size: 1, maxWrites: 1, ...WAITING, maxWaitMs: MAX_WAIT_MS })
  const breathe = createBreather()
  /** The permit of the query in flight. */
  let current: Permit | undefined

  async function run<Result>(permit: Permit, body: (db: Database) => Promise<Result>): Promise<Result> {
    const acquired = semaphore.acquire(permit.isWrite)
    if (acquired) await acquired
    await breathe()
    current = permit
    try {
      return await body(db)
    } finally {
      current = undefined
      semaphore.release(permit.isWrite)
    }
  }

  const db = drizzle(refusingLate(client, () => current?.over))
  setPool(db, { run, retryConflicts: createRetryConflicts(), onQuery })
  return {
    db,
    migrate: (options) => migrateDatabase(db, schema, options),
    pendingMigrations: () => findPending(db, schema),
    runLong: (run) => db.transaction(run),
    usage: semaphore.usage,
    close,
  }
}

/** Longer than at a server: with one connection more queries wait, and each takes little of its permit. */
const MAX_WAIT_MS = 1_500

/** Milliseconds that queries may run without a break for the rest of the process. */
const LONGEST_RUN = 5

/**
 * Lets the event loop run between queries. PGlite runs in this thread and answers without I/O, so a long queue of
 * queries would otherwise run to its end before the server reads another request.
 */
function createBreather(): () => Promise<void> | void {
  let lastTurn = 0
  return () => {
    if (performance.now() - lastTurn < LONGEST_RUN) return
    return turn().then(() => {
      lastTurn = performance.now()
    })
  }
}

/** Makes a client refuse to begin or commit anything once `reason` returns an error. */
function refusingLate(client: PGlite, reason: () => Error | undefined): PGlite {
  function refuseLate() {
    const error = reason()
    if (error) throw error
  }
  const query = client.query.bind(client)
  const transaction = client.transaction.bind(client)
  client.query = async (...args) => {
    refuseLate()
    return query(...args)
  }
  client.transaction = async (run) => {
    refuseLate()
    return transaction(async (tx) => {
      const result = await run(tx)
      refuseLate()
      return result
    })
  }
  return client
}
