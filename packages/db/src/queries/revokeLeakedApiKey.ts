import { and, eq, isNull } from "drizzle-orm"
import { write } from "../query.ts"
import { apiKeys, owners } from "../schema.ts"
import { revocation } from "./apiKeys.ts"
import { type ClientInfo, recordEvent } from "./auditEvents.ts"

/**
 * Revokes a key that somebody has reported as leaked, whoever that is: presenting the key is the authority. Does nothing if
 * it was revoked in the meantime.
 */
export const revokeLeakedApiKey = write(
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
