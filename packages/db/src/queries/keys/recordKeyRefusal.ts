import { sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import { write } from "../../query.ts"
import { auditEvents } from "../../schema/auditEvents.ts"

/**
 * The number of address blocks that get a row of their own for a key's refusals within a day. All others share a row.
 */
const BLOCKS_A_DAY = 20

/**
 * Records that a key was used from an address that it does not allow: once an hour for each block of addresses, and
 * once a day for all blocks beyond a number, because anyone who has found a key can present it from any number of
 * blocks. Does nothing if that was already recorded, or if the owner is erased. Does not wait for the disk, because
 * the refusal itself stands in any case.
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
          select count(*) from ${auditEvents}
          where owner_id = ${ownerId} and kind = 'apiKeyRefused' and subject_id = ${apiKey.id}
            and coalesce(last_at, created_at) > now() - interval '1 day' and created_at > now() - interval '1 day'
        ) as is_listed
        from quick cross join (
          -- The lock keeps the owner from being erased, so that no address is stored afterwards.
          select id from owners where id = ${ownerId} and erased_at is null for key share
        ) as recorded
      )
      insert into ${auditEvents}
        (owner_id, kind, via, credential_id, request_id, subject_id, subject_label, summary_of, address, device, created_at)
      select ${ownerId}, 'apiKeyRefused', 'apiKey', ${apiKey.id}::uuid, ${client.requestId}, ${apiKey.id}::uuid,
        ${apiKey.label}, case when is_listed then ${ofBlock} else ${ofTheRest} end,
        case when is_listed then ${client.address}::text end,
        case when is_listed then ${client.device}::text end,
        now()
      from place
      on conflict do nothing`)
  },
)
