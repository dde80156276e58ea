import { and, desc, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { takeAway } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { owners } from "../../schema/owners.ts"
import { recordEvent } from "../trail/auditEvents.ts"
import { revocation } from "./apiKeys.ts"

/**
 * If a key was already revoked, waits until its revocation is as safe as when `revokeApiKey` has returned.
 *
 * @param params.key null for a key that comes from another system, of which only the text is known. The row of such a key
 *   can't be found once its hash is wiped, so any row of an imported key stands for it: once a later write is safe, the
 *   revocation is safe too.
 */
export const confirmRevocation = takeAway(
  async (db, { key }: { key: ConfirmedKey; client: Pick<ClientInfo, "onLeaseWait"> }): Promise<void> =>
    db.transaction((tx) => writeLock(tx, rowOf(key))),
)

type ConfirmedKey = { lookupId: string } | { id: string; ownerId: string } | null

function rowOf(key: ConfirmedKey): SQL {
  if (key === null) return isNotNull(apiKeys.importedStart)
  if ("lookupId" in key) return eq(apiKeys.lookupId, key.lookupId)
  return sql`${apiKeys.id} = ${key.id} and ${apiKeys.ownerId} = ${key.ownerId}`
}

/**
 * Locks a key, which changes nothing and blocks no change. But the lock is written to the WAL, so the commit waits
 * for a standby, which then has everything that was written before.
 */
export async function writeLock(tx: Database, condition: SQL): Promise<void> {
  await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(condition)
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
    .limit(1)
    .for("key share")
}

/**
 * Revokes a key that somebody has reported as leaked. Presenting the key is all the authority that this needs. Does
 * nothing if it was revoked in the meantime.
 */
export const revokeLeakedApiKey = takeAway(
  async (db, { id, client }: { id: string; client: ClientInfo }): Promise<void> =>
    db.transaction(async (tx) => {
      const [key] = await tx.select({ ownerId: apiKeys.ownerId }).from(apiKeys).where(eq(apiKeys.id, id))
      if (!key) return
      const { ownerId } = key
      // The owner first, as all changes of keys do, to prevent deadlocks.
      await tx.select({ id: owners.id }).from(owners).where(eq(owners.id, ownerId)).for("no key update")
      const [subject] = await tx
        .update(apiKeys)
        .set(revocation)
        .where(and(eq(apiKeys.id, id), eq(apiKeys.ownerId, ownerId), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id, label: apiKeys.label })
      if (!subject) return
      await recordEvent(tx, {
        ...{ ownerId, kind: "apiKeyLeaked", via: "apiKey", credentialId: id },
        ...{ client, subject },
      })
    }),
)
