import { type SQL, sql } from "drizzle-orm"

/** PostgreSQL's settings that bound what a statement of ours may take, in milliseconds. */
export const LIMITS = { statement_timeout: 2_000, idle_in_transaction_session_timeout: 10_000 }

/** Sets them for the transaction under way alone. */
export const setLimits: SQL = sql.raw(
  Object.entries(LIMITS)
    .map(([name, value]) => `set local ${name} = ${value}`)
    .join("; "),
)
