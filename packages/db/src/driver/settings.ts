import { quoteIdentifier } from "../schemaName.ts"

export type Settings = Readonly<Record<string, string | number>>

/** PostgreSQL's time limits for statements and transactions, in milliseconds. */
export const LIMITS = {
  statement_timeout: 2_000,
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 10_000,
}

/**
 * The limits of a migration, in which building an index may take long. An instance that is stopped or disconnected
 * between statements must not keep the lock for which all other instances wait at startup. Zero is a string, because
 * postgres.js does not send falsy values.
 */
export const MIGRATION_LIMITS = { ...LIMITS, statement_timeout: "0" }

/**
 * The limits of a transaction that other instances wait for, and that may itself take long. It is never idle for more than a few
 * seconds, see `keepActive`. Others wait for longer than it takes until the transaction of a stopped process ends.
 */
export const LONG_LIMITS = {
  statement_timeout: "0",
  lock_timeout: 60_000,
  idle_in_transaction_session_timeout: 20_000,
}

/**
 * Settings that change what our SQL means or how its results are formatted, and that may have another default on the
 * server, the database or the role. The isolation level here is for single statements; transactions set it when they
 * begin. Left alone on purpose:
 * - `default_transaction_read_only`: how operators and providers stop writes (a full disk). Writes are then 503;
 * - `role`: the operator chooses who may see the tables;
 * - `default_transaction_deferrable`: only affects serializable transactions;
 * - `IntervalStyle`, `array_nulls`, `xmlbinary`: we read and write no such values;
 * - `jit`, `plan_cache_mode`, `work_mem` and others that only affect speed;
 * - `session_replication_role` and others that only a superuser can set.
 * `synchronous_commit` is only ever raised, see `raiseSynchronousCommit`.
 */
export const MEANING = {
  default_transaction_isolation: "read committed",
  standard_conforming_strings: "on",
  bytea_output: "hex",
  DateStyle: "ISO, MDY",
  TimeZone: "UTC",
  extra_float_digits: "1",
  // A missing row can mean that an owner was never disabled. With this, row security hides no row: the query fails.
  row_security: "off",
  // PostgreSQL sends a warning when a commit was not replicated.
  client_min_messages: "warning",
  // Tells the triggers that this release waits until no lease covers the rights that it takes away.
  "latchkey.waits_for_leases": "on",
} as const

/**
 * The settings with which queries run. The search path is the one schema that holds our tables, so that a query never
 * reads or writes a product's tables of the same names in the same database.
 */
export const settingsOfQueries = (schema: string): Settings => ({
  ...LIMITS,
  ...MEANING,
  search_path: quoteIdentifier(schema),
})

/**
 * A confirmed commit must survive a crash and, with synchronous replication, a failover. Values that wait for more
 * (`remote_apply`) or for less of a standby (`remote_write`) stay as the operator set them.
 *
 * @param isLocal SQL: whether the setting ends with the transaction.
 */
export const raiseSynchronousCommit = (isLocal: string) => `
  select set_config('synchronous_commit', 'on', ${isLocal})
  where current_setting('synchronous_commit') in ('off', 'local')`

/** Applies settings to the current transaction only. `set local` would take a search path for one long name. */
export const setLocally = (settings: Settings) =>
  `select ${Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', true)`)
    .join(", ")}`
