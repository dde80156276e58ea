import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import type { SemaphoreUsage } from "./driver/semaphore.ts"

/** The first parameter of every query function: a connection pool, the embedded database, or a transaction on either. */
export type Database = PgDatabase<PgQueryResultHKT>

export interface DatabaseHandle {
  db: Database
  /**
   * Brings the schema up to date. Instances that start at the same time migrate one after the other. If nothing is
   * pending, the right to read is enough.
   *
   * @throws {DatabaseUnusable}
   */
  migrate(options?: MigrateOptions): Promise<void>
  /**
   * The steps that `migrate` would take, one line each; none when the schema is current. Only reads, and waits for no
   * lock.
   *
   * @throws {DatabaseUnusable}
   */
  pendingMigrations(): Promise<string[]>
  /** Runs a transaction that may take any time, over a connection of its own. */
  runLong<Result>(run: (tx: Database) => Promise<Result>): Promise<Result>
  /** How many connections are in use. The embedded database has one. */
  usage(): SemaphoreUsage
  close(): Promise<void>
}

export interface MigrateOptions {
  /**
   * Ends the migration when aborted: the transaction in flight is rolled back. The embedded database completes what
   * it has begun.
   */
  signal?: AbortSignal | undefined
  /** Called once with each reason for which the migration has to wait. */
  onWait?: ((reason: string) => void) | undefined
}

/** Runs a statement, and observes its outcome. The text contains no values. */
export type ObserveStatement = <Answer>(text: string, run: () => Promise<Answer>) => Promise<Answer>

export interface DatabaseOptions {
  /** Runs each statement to a server. Not called for the embedded database. */
  onStatement?: ObserveStatement | undefined
  /** Called with the seconds that each query took, including the wait for a connection. */
  onQuery?: ((seconds: number) => void) | undefined
  /** Called with the seconds that a change waited for the leases of other instances. */
  onLeaseWait?: ((seconds: number) => void) | undefined
  /** The PostgreSQL schema that holds all tables, see `isSchemaName`. By default `latchkey`. */
  schema?: string | undefined
  /** The number of connections to a server, and so of concurrent queries. By default 10; the embedded database has one. */
  maxConnections?: number | undefined
  /**
   * Whether a change that takes a right away fails, with `begun`, unless a synchronous standby is known to have it.
   * The role needs `pg_read_all_stats`.
   */
  requireSynchronous?: boolean | undefined
  /**
   * The URL of all servers that may be the primary, now or after a failover, as several hosts. Then reads fail unless all of
   * them answer, and one alone takes itself for the primary. Not for the embedded database.
   */
  fenceUrl?: string | undefined
}
