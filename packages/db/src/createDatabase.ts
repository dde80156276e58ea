import { fileURLToPath } from "node:url"
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import { drizzle } from "drizzle-orm/pglite"
import { createPool } from "./createPool.ts"
import { createSlots, type SlotUsage } from "./createSlots.ts"
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
  const db = drizzle(client)
  // It would queue queries itself, for any time and in any number.
  const slots = createSlots({ size: 1, ...WAITING })
  setPool(db, { slots, hasSessions: true, forgoSessions() {}, onQuery })
  return { db, migrate: () => migrateDatabase(db), usage: () => slots.usage(), close }
}
