import { isNull, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { apiKeys } from "../schema/apiKeys.ts"
import { owners } from "../schema/owners.ts"
import { endPasswords } from "./applyAccounts.ts"
import { disabling } from "./disabling.ts"
import { recordKeys, recordOwners } from "./recordByLog.ts"

/** The ids of keys and owners that are refused until somebody enables them. */
export interface Refused {
  keys: string[]
  owners: string[]
}

/** Whether a key or an owner was created after a time in ISO 8601. */
export async function hasNewerThan(tx: Database, time: string): Promise<boolean> {
  for (const table of [apiKeys, owners]) {
    const newer = sql`${table.createdAt} > ${time}::timestamptz`
    if ((await tx.select({ id: table.id }).from(table).where(newer).limit(1)).length > 0) return true
  }
  return false
}

/** Disables every key and owner, and ends every password, as each of them may have lost its rights since the backup. */
export async function refuseDoubtful(
  tx: Database,
  { unusableHash }: { unusableHash: string },
): Promise<Refused> {
  const keys = await tx
    .update(apiKeys)
    .set(disabling)
    .where(sql`${apiKeys.revokedAt} is null and ${apiKeys.disabledAt} is null`)
    .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
  const disabled = await tx
    .update(owners)
    .set({ disabledAt: sql`now()` })
    .where(isNull(owners.disabledAt))
    .returning({ id: owners.id })
  await endPasswords(tx, undefined, unusableHash)
  await recordKeys(tx, "apiKeyUpdated", keys, { disabled: { from: false, to: true } })
  await recordOwners(tx, "userDisabled", disabled)
  return { keys: keys.map(({ id }) => id), owners: disabled.map(({ id }) => id) }
}
