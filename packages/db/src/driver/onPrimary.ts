import { sql } from "drizzle-orm"
import { causesOf } from "./causesOf.ts"

const MARKER = "this server is a standby"

/** `true` on a primary, and an error on a standby. */
export const PRIMARY_CHECK = `(select case when pg_is_in_recovery() then '${MARKER}' else 'true' end)::boolean`

/**
 * A condition for reads that decide something. A standby may lag: it still has a key that was revoked, and lacks one
 * that was just created. There the statement fails, even if no row matches: PostgreSQL evaluates this once, before it
 * reads any row, so that it belongs into `where`, joined by `and`. It is in the statement itself because a pooler may
 * run every statement on another server.
 */
export const onPrimary = sql.raw(PRIMARY_CHECK)

/** SQLSTATE of invalid text for a type. The text appears in the message, whose language is the server's. */
const NO_SUCH_VALUE = "22P02"

/** Whether a failure or its cause comes from a standby. */
export const isOfStandby = (error: unknown) =>
  causesOf(error).some(
    (cause) => "code" in cause && cause.code === NO_SUCH_VALUE && cause.message.includes(MARKER),
  )
