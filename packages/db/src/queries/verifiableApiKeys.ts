import { and, eq, exists, isNull, sql } from "drizzle-orm"
import { onPrimary } from "../driver/onPrimary.ts"
import { prepareOnce } from "../prepareOnce.ts"
import { query, write } from "../query.ts"
import { apiKeyCounters, apiKeys, owners } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { windowStart } from "./apiKeyCounters.ts"
import { ownerColumns, type StoredOwner } from "./ownerColumns.ts"

/** The fields that verifying a key needs. */
export interface VerifiableApiKey {
  id: string
  prefix: string | null
  lookupId: string
  keyHash: string
  receipt: Uint8Array | null
  receiptSecretId: string | null
  label: string
  scopes: string[] | null
  /** CIDR blocks; null for any address. */
  allowedIps: string[] | null
  /** Calls in a window of `rateWindow` seconds; null without a limit. */
  rateLimit: number | null
  rateWindow: number | null
  /** Identifies the limit's counter; null: the key's own id. */
  counterId: string | null
  /** The newest window of the counter, which may be over: when it began, in milliseconds, and the calls in it. */
  windowStart: number | null
  windowCalls: number | null
  /** When the row was read, in milliseconds of the database's clock. */
  readAt: number
  checks: string[]
  metadata: Record<string, string> | null
  createdAt: Date
  expiresAt: Date | null
  /** By the database's clock. */
  isExpired: boolean
  isDisabled: boolean
  isOwnerDisabled: boolean
  owner: StoredOwner
}

export const verifiableColumns = {
  id: apiKeys.id,
  prefix: apiKeys.prefix,
  // Never null in a row that was found by it.
  lookupId: sql<string>`${apiKeys.lookupId}`,
  // A check constraint ensures that it is not null while the key is not revoked.
  keyHash: sql<string>`${apiKeys.keyHash}`,
  receipt: apiKeys.receipt,
  receiptSecretId: apiKeys.receiptSecretId,
  label: apiKeys.label,
  scopes: apiKeys.scopes,
  allowedIps: apiKeys.allowedIps,
  rateLimit: apiKeys.rateLimit,
  rateWindow: apiKeys.rateWindow,
  counterId: apiKeys.counterId,
  windowStart,
  windowCalls: apiKeyCounters.used,
  readAt: sql<number>`(extract(epoch from now()) * 1000)::float8`,
  checks: apiKeys.checks,
  metadata: apiKeys.metadata,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  isExpired: sql<boolean>`coalesce(${apiKeys.expiresAt} <= now(), false)`,
  isDisabled: sql<boolean>`${apiKeys.disabledAt} is not null`,
  isOwnerDisabled: sql<boolean>`${owners.disabledAt} is not null`,
  owner: ownerColumns,
}

export const isCounterOfKey = eq(apiKeyCounters.id, sql`coalesce(${apiKeys.counterId}, ${apiKeys.id})`)

const verifiableApiKeys = prepareOnce((db) =>
  db
    .select(verifiableColumns)
    .from(apiKeys)
    .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
    .leftJoin(apiKeyCounters, isCounterOfKey)
    .where(and(onPrimary, anyOf(apiKeys.lookupId, sql.placeholder("lookupIds")), isNull(apiKeys.revokedAt)))
    .prepare("verifiable_api_keys"),
)

const verifiableApiKeysById = prepareOnce((db) =>
  db
    .select(verifiableColumns)
    .from(apiKeys)
    .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
    .leftJoin(apiKeyCounters, isCounterOfKey)
    .where(and(onPrimary, anyOf(apiKeys.id, sql.placeholder("ids")), isNull(apiKeys.revokedAt)))
    .prepare("verifiable_api_keys_by_id"),
)

/** Returns the keys that are not revoked now, in no particular order. They may have expired, or be of a disabled owner. */
export const findVerifiableApiKeys = query(
  async (db, { lookupIds }: { lookupIds: readonly string[] }): Promise<VerifiableApiKey[]> =>
    verifiableApiKeys(db).execute({ lookupIds: joinIds(lookupIds) }),
)

/** The same by id. */
export const findVerifiableApiKeysById = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<VerifiableApiKey[]> =>
    verifiableApiKeysById(db).execute({ ids: joinIds(ids) }),
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
    params: { id: string; ownerId: string; keyHash: string; receipt: Uint8Array; receiptSecretId: string },
  ): Promise<boolean> => {
    const enabledOwner = db
      .select({ id: owners.id })
      .from(owners)
      .where(and(eq(owners.id, params.ownerId), isNull(owners.disabledAt)))
    const recorded = await db
      .update(apiKeys)
      .set({ receipt: params.receipt, receiptSecretId: params.receiptSecretId })
      .where(
        and(
          eq(apiKeys.id, params.id),
          eq(apiKeys.ownerId, params.ownerId),
          eq(apiKeys.keyHash, params.keyHash),
          isNull(apiKeys.revokedAt),
          exists(enabledOwner),
        ),
      )
      .returning({ id: apiKeys.id })
    return recorded.length === 1
  },
)
