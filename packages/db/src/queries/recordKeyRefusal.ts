import { sql } from "drizzle-orm"
import { write } from "../query.ts"
import type { ClientInfo } from "./auditEvents.ts"

/** How many blocks of addresses a key's refusals name within a day before all others share a row. */
const BLOCKS_A_DAY = 20

/**
 * Records that a key was used from an address that it does not allow: once an hour for each block of addresses, and once a
 * day for all blocks beyond a number, since whoever has found a key can present it from any number of them. Does nothing if
 * that was recorded, and waits for no disk: the refusal itself stands in any case.
 *
 * @param params.block the block of addresses; empty if the address is not known.
 */
export const recordKeyRefusal = write(
  async (
    db,
    {
      ownerId,
      apiKey,
      block,
      client,
    }: { ownerId: string; apiKey: { id: string; label: string }; block: string; client: ClientInfo },
  ): Promise<void> => {
    const utc = (format: string) => sql`to_char(now() at time zone 'UTC', ${format}::text)`
    const ofBlock = sql`concat_ws(' ', 'apiKeyRefused', ${apiKey.id}::text, ${block}::text, ${utc("YYYY-MM-DD HH24")})`
    const ofTheRest = sql`concat_ws(' ', 'apiKeyRefused', ${apiKey.id}::text, ${utc("YYYY-MM-DD")})`
    await db.execute(sql`
      with quick as materialized (select set_config('synchronous_commit', 'off', true)),
      place as (
        select ${BLOCKS_A_DAY} > (
          select count(*) from audit_events
          where owner_id = ${ownerId} and kind = 'apiKeyRefused' and subject_id = ${apiKey.id}
            and created_at > now() - interval '1 day'
        ) as is_listed
        from quick
      )
      insert into audit_events
        (owner_id, kind, via, credential_id, request_id, subject_id, subject_label, summary_of, address, device)
      select ${ownerId}, 'apiKeyRefused', 'apiKey', ${apiKey.id}::uuid, ${client.requestId}, ${apiKey.id}::uuid,
        ${apiKey.label}, case when is_listed then ${ofBlock} else ${ofTheRest} end,
        case when is_listed then ${client.address}::text end,
        case when is_listed then ${client.device}::text end
      from place
      on conflict (owner_id, summary_of) where summary_of is not null do nothing`)
  },
)
