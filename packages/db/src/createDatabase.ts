import { fileURLToPath } from "node:url"
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import { drizzle as drizzlePglite } from "drizzle-orm/pglite"
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js"
import postgres from "postgres"
import { openEmbedded } from "./openEmbedded.ts"

/** What every query function takes first: a connection pool, the embedded database, or a transaction on either. */
export type Database = PgDatabase<PgQueryResultHKT>

export interface DatabaseHandle {
  db: Database
  close(): Promise<void>
}

/**
 * Opens a database; it does not migrate it.
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
  return { db: drizzlePglite(client), close }
}

function createPool(url: string): DatabaseHandle {
  const client = postgres(url, {
    max: 10,
    connect_timeout: 2,
    // postgres.js waits up to 20 s between attempts unless told; recovery has to be quicker than that.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 0.5),
    keep_alive: 15,
    fetch_types: false,
    onnotice: () => {},
    connection: {
      application_name: "latchkey",
      statement_timeout: 2_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  })
  return { db: drizzlePostgres(client), close: () => client.end({ timeout: 2 }) }
}
