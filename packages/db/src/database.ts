import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import type { SemaphoreUsage } from "./driver/semaphore.ts"

/** The first parameter of every query function: a connection pool, the embedded database, or a transaction on either. */
export type Database = PgDatabase<PgQueryResultHKT>

export interface DatabaseHandle {
  db: Database
  /** Brings the schema up to date. Instances that start at the same time migrate one after the other. */
  migrate(): Promise<void>
  /** How many connections are in use. The embedded database has one. */
  usage(): SemaphoreUsage
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Called with the seconds that each query took, including the wait for a connection. */
  onQuery?: ((seconds: number) => void) | undefined
}
