import { sql } from "drizzle-orm"
import { note, waitsForNoStandby } from "../../query.ts"
import { apiKeyCounters } from "../../schema/keyCounts.ts"
import { joinIds } from "../anyOf.ts"

/** Calls to add to a counter: to its window if it is open, otherwise to a new window. */
export interface NewCalls {
  counterId: string
  /** When the window of these calls began, in milliseconds of the database's clock. */
  startedAt: number
  /** The window's length. */
  seconds: number
  calls: number
}

/** A counter after calls have been added. */
export interface CounterState {
  counterId: string
  startedAt: number
  calls: number
}

const secondsOf = (seconds: unknown) => sql`make_interval(secs => ${seconds})`

/** When the window of a counter began. */
const start = sql`${apiKeyCounters.expiresAt} - ${secondsOf(apiKeyCounters.seconds)}`

/** The same in milliseconds; null without a counter. */
export const windowStart = sql<number | null>`(extract(epoch from ${start}) * 1000)::float8`

/** A window that begins in the future comes from a clock that was ahead, before another server took over. */
const isOpen = sql`(${start} <= now() + interval '1 second' and now() < ${start} + ${secondsOf(sql`excluded.seconds`)})`

/**
 * Adds calls to counters in one statement. Rows are locked in a fixed order, to avoid deadlocks between instances.
 *
 * @param params.calls at most one for each counter.
 * @returns the counters, without those whose calls belong to a window that is over by now.
 */
export const addCalls = note(
  async (db, { calls }: { calls: readonly NewCalls[] }): Promise<CounterState[]> => {
    const list = (value: (of: NewCalls) => string | number) => joinIds(calls.map((of) => String(value(of))))
    const counted = await db
      .insert(apiKeyCounters)
      .select(
        sql`select id, seconds, calls, ends_at from (
          select id, seconds, calls, to_timestamp(started_at / 1000) + ${secondsOf(sql`seconds`)} as ends_at
          from unnest(
            string_to_array(${list(({ counterId }) => counterId)}, ',')::uuid[],
            string_to_array(${list(({ seconds }) => seconds)}, ',')::integer[],
            string_to_array(${list((of) => of.calls)}, ',')::bigint[],
            string_to_array(${list(({ startedAt }) => startedAt)}, ',')::float8[]
          ) as given (id, seconds, calls, started_at)
        ) as added where ends_at > now() and ${waitsForNoStandby} order by id`,
      )
      .onConflictDoUpdate({
        target: apiKeyCounters.id,
        set: {
          seconds: sql`excluded.seconds`,
          used: sql`case when ${isOpen} then ${apiKeyCounters.used} + excluded.used else excluded.used end`,
          expiresAt: sql`case when ${isOpen} then ${start} + ${secondsOf(sql`excluded.seconds`)} else excluded.expires_at end`,
        },
      })
      .returning({
        counterId: apiKeyCounters.id,
        startedAt: sql<number>`${windowStart}`,
        calls: apiKeyCounters.used,
      })
    return counted
  },
)
