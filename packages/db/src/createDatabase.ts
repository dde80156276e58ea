import { fileURLToPath } from "node:url"
import type { PGlite } from "@electric-sql/pglite"
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import { drizzle } from "drizzle-orm/pglite"
import { createPool } from "./createPool.ts"
import { createSlots, type SlotUsage } from "./createSlots.ts"
import type { Lease } from "./lease.ts"
import { migrateDatabase } from "./migrateDatabase.ts"
import { openEmbedded } from "./openEmbedded.ts"
import { setPool, WAITING } from "./pool.ts"

/** What every query function takes first: a connection pool, the embedded database, or a transaction on either. */
export type Database = PgDatabase<PgQueryResultHKT>

export interface DatabaseHandle {
  db: Database
  /** Brings the schema up to date; instances that start together take turns. */
  migrate(): Promise<void>
  /** Its connections, and who waits for one. The embedded database has one. */
  usage(): SlotUsage
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Told how many seconds each query took, its waiting included. */
  onQuery?: ((seconds: number) => void) | undefined
}

/**
 * Opens a database.
 *
 * @param url `postgres://…` for a PostgreSQL server or a pooler in front of one (connects on first use), or
 *   `file://…` for a folder that holds the embedded one, which this process then locks until `close`.
 * @throws {DataFolderInUse} when another process has the folder.
 */
export async function createDatabase(url: string, options: DatabaseOptions = {}): Promise<DatabaseHandle> {
  return url.startsWith("file:") ? createEmbedded(fileURLToPath(url), options) : createPool(url, options)
}

async function createEmbedded(folder: string, { onQuery }: DatabaseOptions): Promise<DatabaseHandle> {
  const { client, close } = await openEmbedded(folder)
  // It would queue queries itself, for any time and in any number.
  const turns = createSlots({ size: 1, maxWrites: 1, ...WAITING })
  /** Of the query that has its turn. */
  let current: Lease | undefined

  async function run<Result>(lease: Lease, body: (db: Database) => Promise<Result>): Promise<Result> {
    const turn = turns.take(lease.isWrite)
    if (turn) await turn
    current = lease
    try {
      return await body(db)
    } finally {
      current = undefined
      turns.free(lease.isWrite)
    }
  }

  const db = drizzle(refusingLate(client, () => current?.over))
  setPool(db, { run, onQuery })
  return { db, migrate: () => migrateDatabase(db), usage: turns.usage, close }
}

/** The same client, which begins and commits nothing once there is a reason not to. */
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
