import type { ReservedSql } from "@latchkey/test-postgres"
import type { startServerOnPostgres } from "../testServer.ts"
import { type HeldLock, holdLock } from "./holdLock.ts"

/** All rows that calls can change, without `last_used_at`, which is written some time after a call. */
export const readAllRows = (reader: Pick<ReservedSql, "unsafe">) =>
  reader.unsafe(`
    select to_jsonb(owners)::text as row from owners union all
    select to_jsonb(sessions)::text from sessions union all
    select to_jsonb(account_tokens)::text from account_tokens union all
    select to_jsonb(second_factors)::text from second_factors union all
    select to_jsonb(recovery_codes)::text from recovery_codes union all
    select to_jsonb(sign_in_challenges)::text from sign_in_challenges union all
    select (to_jsonb(api_keys) - 'last_used_at')::text from api_keys union all
    select to_jsonb(audit_events)::text from audit_events order by 1`)

export interface HeldCall<Response> {
  response: Promise<Response>
  lock: HeldLock
  /** The transaction that holds the lock. */
  transaction: ReservedSql
}

/**
 * Starts a call, and holds it after its authentication by locking the row of the owner whose authority it needs. Every
 * change locks that row first.
 *
 * @throws if the call returns without checking its caller again.
 */
export async function holdCall<Response extends { status: number }>(
  { shared }: Pick<Awaited<ReturnType<typeof startServerOnPostgres>>, "shared">,
  ownerId: string,
  call: () => Promise<Response>,
): Promise<HeldCall<Response>> {
  let transaction: ReservedSql | undefined
  const lock = await holdLock(shared.DATABASE_URL, (own) => {
    transaction = own
    return own`select from owners where id = ${ownerId} for update`
  })
  if (!transaction) throw new TypeError("no transaction")
  const response = call()
  const early = response.then(({ status }) => {
    throw new Error(`the call returned ${status} without checking its caller again`)
  })
  await Promise.race([lock.untilWaiting(1), early]).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  early.catch(() => {})
  return { response, lock, transaction }
}
