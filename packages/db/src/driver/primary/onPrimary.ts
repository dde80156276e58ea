import { sql } from "drizzle-orm"
import { causesOf } from "../causesOf.ts"

const MARKER = "this server is a standby"

/** `true` on a primary, and an error on a standby. */
export const PRIMARY_CHECK = `(select case when pg_is_in_recovery() then '${MARKER}' else 'true' end)::boolean`

/**
 * A condition for reads on which a decision depends. A standby may lag: it may still have a revoked key, or lack a
 * new one. On a standby the statement fails even if no row matches, as PostgreSQL evaluates the condition once,
 * before it reads any row. Put it in `where`, joined with `and`. It is part of the statement because a pooler may run
 * every statement on a different server.
 */
export const onPrimary = sql.raw(PRIMARY_CHECK)

/**
 * The SQLSTATE of text that is invalid for a type. The message contains that text, in a language that depends on the
 * server.
 */
const NO_SUCH_VALUE = "22P02"

/** Whether a failure or its cause comes from a standby. */
export const isOfStandby = (error: unknown) =>
  causesOf(error).some(
    (cause) => "code" in cause && cause.code === NO_SUCH_VALUE && cause.message.includes(MARKER),
  )
