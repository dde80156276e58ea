import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import type { SemaphoreUsage } from "./driver/semaphore.ts"

/** The first parameter of every query function: a connection pool, the embedded database, or a transaction on either. */
export type Database = PgDatabase<PgQueryResultHKT>

export interface DatabaseHandle {
  db: Database
  /**
   * Brings the schema up to date. Instances that start at the same time migrate one after the other. Where nothing is
   * pending, it only takes the right to read.
   *
   * @throws {DatabaseUnusable}
   */
  migrate(options?: MigrateOptions): Promise<void>
  /**
   * What `migrate` would do, a line for each step; none when the schema is current. It only reads, and waits for no lock.
   *
   * @throws {DatabaseUnusable}
   */
  pendingMigrations(): Promise<string[]>
  /** How many connections are in use. The embedded database has one. */
  usage(): SemaphoreUsage
  close(): Promise<void>
}

export interface MigrateOptions {
  /** Ends the migration when aborted: nothing of it stays. The embedded database completes what it has begun. */
  signal?: AbortSignal | undefined
  /** Called once with each reason for which the migration has to wait. */
  onWait?: ((reason: string) => void) | undefined
}

export interface DatabaseOptions {
  /** Called with the seconds that each query took, including the wait for a connection. */
  onQuery?: ((seconds: number) => void) | undefined
  /** The PostgreSQL schema that holds all tables, see `isSchemaName`. By default `latchkey`. */
  schema?: string | undefined
  /** The number of connections to a server, and so of concurrent queries. By default 10; the embedded database has one. */
  maxConnections?: number | undefined
}
