import { type SQL, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { write } from "../../query.ts"
import { auditEvents } from "../../schema/auditEvents.ts"
import type { Authority } from "../trail/auditEvents.ts"

/** The number of rows of failures that a user gets within a day before all others share one. */
const FAILURE_ROWS_A_DAY = 20

/**
 * Counts a wrong password or code. Anyone who knows an email can repeat it at will, so there is one row for each address,
 * device and hour, and beyond a number of rows within a day, one row for the rest of that day: the trail stays readable, the
 * table stays small, and every failure is counted. (Concurrent failures may exceed that number.)
 *
 * For an id that no user has, or of an erased user, it stores nothing, but takes as long and fails in the same way,
 * so that nobody learns whether an account exists. Waiting for the disk would reveal that, so the commit does not
 * wait: a crash of the database may lose the failures of its last second.
 */
export const countFailure = write(async (db, event: Failure): Promise<void> => {
  // Another call may store the row at the same moment: then the second attempt finds it.
  const now = Date.now()
  const near = sql`and created_at between ${at(now - NEAR_MS)} and ${at(now + NEAR_MS)}`
  if (await countOnce(db, event, near)) return
  while (!(await countOnce(db, event, sql``)));
})

/**
 * The largest distance of the group from now, by this server's clock. Unlike conditions by the database's clock, this
 * one keeps PostgreSQL from planning for the partitions of all other months, which takes ten times as long.
 */
const NEAR_MS = 5 * 86_400_000

const at = (time: number) => new Date(time).toISOString()

interface Failure extends Authority {
  ownerId: string
  kind: "loginFailed" | "passwordChangeFailed" | "secondFactorFailed"
  client: ClientInfo
}

/** One statement. @param near limits where the group is looked for. @returns false if it has to be repeated. */
async function countOnce(db: Database, event: Failure, near: SQL): Promise<boolean> {
  const { ownerId, kind, client } = event
  const utc = (format: string) => sql`to_char(now() at time zone 'UTC', ${format}::text)`
  const ofClient = sql`concat_ws(' ', ${kind}::text, ${client.address}::text, ${utc("YYYY-MM-DD HH24")}, ${client.device}::text)`
  const ofTheRest = sql`concat_ws(' ', ${kind}::text, ${utc("YYYY-MM-DD")})`
  // A group begins and ends on one day, which prunes the partitions of other months.
  const today = sql`date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'`
  const stored = await db.execute(sql`
      with quick as materialized (select set_config('synchronous_commit', 'off', true)),
      place as (
        select owners.id as owner_id,
          exists (
            select from ${auditEvents} where owner_id = owners.id and summary_of = ${ofClient} and created_at >= ${today} ${near}
          )
          or ${FAILURE_ROWS_A_DAY} > (
            select count(*) from ${auditEvents}
            where owner_id = owners.id and kind = ${kind} and coalesce(last_at, created_at) > now() - interval '1 day'
              and created_at > now() - interval '2 days' ${near}
          ) as is_listed
        from quick cross join (
          -- The lock keeps the user from being erased, so that no address is stored afterwards.
          select id from owners where id = ${ownerId} and erased_at is null for key share
        ) as owners
      ),
      counted as (
        update ${auditEvents} event set
          count = event.count + 1,
          last_at = clock_timestamp(),
          credential_id = ${event.credentialId}::uuid,
          request_id = ${client.requestId}
        from place
        where event.owner_id = place.owner_id and event.created_at >= ${today} ${near}
          and event.summary_of = case when place.is_listed then ${ofClient} else ${ofTheRest} end
        returning true
      ),
      inserted as (
        insert into ${auditEvents}
          (owner_id, kind, via, credential_id, request_id, summary_of, address, device, created_at)
        select owner_id, ${kind}, ${event.via}, ${event.credentialId}::uuid, ${client.requestId},
          case when is_listed then ${ofClient} else ${ofTheRest} end,
          case when is_listed then ${client.address}::text end,
          case when is_listed then ${client.device}::text end,
          now()
        from place where not exists (select from counted)
        on conflict do nothing
        returning true
      )
      select not exists (select from place) or exists (select from counted) or exists (select from inserted) as is_done`)
  return firstOf(stored)?.is_done === true
}

/** Servers and the embedded database return rows in different ways. */
function firstOf(result: unknown): { is_done: boolean } | undefined {
  const rows = Array.isArray(result) ? result : (result as { rows: unknown[] }).rows
  return rows[0] as { is_done: boolean } | undefined
}
