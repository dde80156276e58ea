import { and, eq, exists, isNull, sql } from "drizzle-orm"
import { onPrimary } from "../driver/onPrimary.ts"
import { prepareOnce } from "../prepareOnce.ts"
import { query, write } from "../query.ts"
import { apiKeys, users } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { isActive } from "./isValid.ts"
import { type User, userColumns } from "./userColumns.ts"

/** The fields that verifying a key needs. */
export interface ActiveApiKey {
  id: string
  lookupId: string
  keyHash: string
  receipt: Uint8Array | null
  receiptSecretId: string | null
  user: User
}

const activeApiKeys = prepareOnce((db) =>
  db
    .select({
      id: apiKeys.id,
      lookupId: apiKeys.lookupId,
      // A check constraint ensures that it is not null while the key is not revoked.
      keyHash: sql<string>`${apiKeys.keyHash}`,
      receipt: apiKeys.receipt,
      receiptSecretId: apiKeys.receiptSecretId,
      user: userColumns,
    })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(
      and(
        onPrimary,
        anyOf(apiKeys.lookupId, sql.placeholder("lookupIds")),
        isActive,
        isNull(users.disabledAt),
      ),
    )
    .prepare("active_api_keys"),
)

/** Returns the keys that are active now and whose owner is enabled, in no particular order. */
export const findActiveApiKeys = query(
  async (db, { lookupIds }: { lookupIds: readonly string[] }): Promise<ActiveApiKey[]> =>
    activeApiKeys(db).execute({ lookupIds: joinIds(lookupIds) }),
)

/**
 * Stores the receipt of a bcrypt that succeeded, unless the key was revoked, its hash replaced or its owner
 * disabled in the meantime.
 *
 * @returns whether it was stored.
 */
export const recordReceipt = write(
  async (
    db,
    params: { id: string; userId: string; keyHash: string; receipt: Uint8Array; receiptSecretId: string },
  ): Promise<boolean> => {
    const enabledOwner = db
      .select({ id: users.id })
      .from(users)
      .where(and(eq(users.id, params.userId), isNull(users.disabledAt)))
    const recorded = await db
      .update(apiKeys)
      .set({ receipt: params.receipt, receiptSecretId: params.receiptSecretId })
      .where(
        and(
          eq(apiKeys.id, params.id),
          eq(apiKeys.userId, params.userId),
          eq(apiKeys.keyHash, params.keyHash),
          isNull(apiKeys.revokedAt),
          exists(enabledOwner),
        ),
      )
      .returning({ id: apiKeys.id })
    return recorded.length === 1
  },
)
