import { sql } from "drizzle-orm"
import { write } from "../query.ts"
import type { Authority, ClientInfo } from "./auditEvents.ts"

/** How many rows of failures a user gets within a day before the others share one. */
const FAILURE_ROWS_A_DAY = 20

/**
 * Counts a wrong password. Anyone who knows an email can repeat it at will, so there is one row for each address and
 * hour, and beyond a number of rows within a day, one row for the rest of that day: the trail stays readable, the
 * table stays small, and every failure is counted. (Concurrent failures may exceed that number.)
 *
 * For an id that no user has, it stores nothing but takes as long, and fails in the same way, so that nobody learns
 * whether an account exists. Waiting for the disk would reveal it, so the commit does not wait: a crash of the
 * database may lose the failures of its last second.
 */
export const countFailure = write(
  async (
    db,
    event: Authority & { userId: string; kind: "loginFailed" | "passwordChangeFailed"; client: ClientInfo },
  ): Promise<void> => {
    const { userId, kind, client } = event
    const utc = (format: string) => sql`to_char(now() at time zone 'UTC', ${format}::text)`
    const ofAddress = sql`concat_ws(' ', ${kind}::text, ${client.address}::text, ${utc("YYYY-MM-DD HH24")})`
    const ofTheRest = sql`concat_ws(' ', ${kind}::text, ${utc("YYYY-MM-DD")})`
    await db.execute(sql`
      with quick as materialized (select set_config('synchronous_commit', 'off', true)),
      place as (
        select users.id as user_id,
          exists (select from audit_events where user_id = users.id and summary_of = ${ofAddress})
          or ${FAILURE_ROWS_A_DAY} > (
            select count(*) from audit_events
            where user_id = users.id and kind = ${kind} and created_at > now() - interval '1 day'
          ) as is_listed
        from quick cross join users where users.id = ${userId}
      )
      insert into audit_events
        (user_id, kind, via, credential_id, request_id, summary_of, address, device)
      select user_id, ${kind}, ${event.via}, ${event.credentialId}::uuid, ${client.requestId},
        case when is_listed then ${ofAddress} else ${ofTheRest} end,
        case when is_listed then ${client.address}::text end,
        case when is_listed then ${client.device}::text end
      from place
      on conflict (user_id, summary_of) where summary_of is not null do update set
        count = audit_events.count + 1,
        last_at = clock_timestamp(),
        credential_id = excluded.credential_id,
        request_id = excluded.request_id,
        device = excluded.device`)
  },
)
