import { fileURLToPath } from "node:url"
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import { drizzle as drizzlePglite } from "drizzle-orm/pglite"
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js"
import postgres from "postgres"
import { migrateDatabase } from "./migrateDatabase.ts"
import { openEmbedded } from "./openEmbedded.ts"
import { openSocket } from "./openSocket.ts"

/** What every query function takes first: a connection pool, the embedded database, or a transaction on either. */
export type Database = PgDatabase<PgQueryResultHKT>

export interface DatabaseHandle {
  db: Database
  /** Brings the schema up to date; instances that start together take turns. */
  migrate(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a database.
 *
 * @param url `postgres://…` for a PostgreSQL server (connects on first use), or `file://…` for a folder that
 *   holds the embedded one, which this process then locks until `close`.
 * @throws {DataFolderInUse} when another process has the folder.
 */
export async function createDatabase(url: string): Promise<DatabaseHandle> {
  return url.startsWith("file:") ? createEmbedded(fileURLToPath(url)) : createPool(url)
}

async function createEmbedded(folder: string): Promise<DatabaseHandle> {
  const { client, close } = await openEmbedded(folder)
  const db = drizzlePglite(client)
  return { db, migrate: () => migrateDatabase(db), close }
}

function createPool(url: string): DatabaseHandle {
  const options = {
    max: 10,
    connect_timeout: 2,
    // postgres.js waits up to 20 s between attempts unless told; recovery has to be quicker than that.
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 0.5),
    keep_alive: 15,
    fetch_types: false,
    onnotice: () => {},
    // Documented, and missing from the types.
    socket: openSocket,
    connection: {
      application_name: "latchkey",
      statement_timeout: 2_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  }
  const client = postgres(url, options)
  return {
    db: drizzlePostgres(client),
    migrate: () => migrateOver(url),
    close: () => client.end({ timeout: 1 }),
  }
}

/** Over a connection of its own, for which the limits of a query do not hold: an index may take its time. */
async function migrateOver(url: string) {
  const client = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} })
  try {
    await migrateDatabase(drizzlePostgres(client))
  } finally {
    await client.end({ timeout: 1 })
  }
}
