export type Settings = Readonly<Record<string, string | number>>

/** PostgreSQL's settings that bound how long a statement and a transaction may take, in milliseconds. */
export const LIMITS = {
  statement_timeout: 2_000,
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 10_000,
}

/**
 * The limits of a migration: an index may take its time. Between statements an instance that has been stopped or cut off
 * must not keep the lock for which all others wait as they start.
 */
export const MIGRATION_LIMITS = { ...LIMITS, statement_timeout: 0 }

/**
 * Settings that a server, a database or a role can have a default for, and that change what our SQL means or how
 * its results read. The isolation level is one too, and every transaction begins with it; for single statements it is
 * here. Not set, on purpose:
 * - `default_transaction_read_only`: how operators and providers stop writes (a full disk). Writes are then 503;
 * - `search_path`, `role`, `row_security`: the operator chooses where the tables are and who may see them;
 * - `default_transaction_deferrable`: only affects serializable transactions;
 * - `IntervalStyle`, `array_nulls`, `xmlbinary`: we read and write no such values;
 * - `jit`, `plan_cache_mode`, `work_mem` and others that change the speed alone;
 * - `session_replication_role` and others that take a superuser.
 * `synchronous_commit` is only ever raised, see `raiseSynchronousCommit`.
 */
export const MEANING = {
  default_transaction_isolation: "read committed",
  standard_conforming_strings: "on",
  bytea_output: "hex",
  DateStyle: "ISO, MDY",
  TimeZone: "UTC",
  extra_float_digits: "1",
  // PostgreSQL reports by a warning that a commit was not replicated.
  client_min_messages: "warning",
} as const

/**
 * A commit that was answered must survive a crash and, with synchronous replication, a failover. What waits longer
 * (`remote_apply`) or for less of a standby (`remote_write`) stays as the operator set it.
 *
 * @param isLocal SQL: whether it ends with the transaction.
 */
export const raiseSynchronousCommit = (isLocal: string) => `
  select set_config('synchronous_commit', 'on', ${isLocal})
  where current_setting('synchronous_commit') in ('off', 'local')`

/** Applies settings to the current transaction only. */
export const setLocally = (settings: Settings) =>
  Object.entries(settings)
    .map(([name, value]) => `set local ${name} = '${value}'`)
    .join("; ")
