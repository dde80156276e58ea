import { and, eq, exists, isNull, sql } from "drizzle-orm"
import { onPrimary } from "../driver/onPrimary.ts"
import { prepareOnce } from "../prepareOnce.ts"
import { query, write } from "../query.ts"
import { apiKeys, owners } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import type { StoredOwner } from "./ownerColumns.ts"

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
  checks: string[]
  metadata: Record<string, string> | null
  createdAt: Date
  expiresAt: Date | null
  /** By the database's clock. */
  isExpired: boolean
  isOwnerDisabled: boolean
  owner: StoredOwner
}

/** In the order of `Values`. */
const values = [
  ...[apiKeys.id, apiKeys.prefix, apiKeys.lookupId, apiKeys.keyHash],
  sql`encode(${apiKeys.receipt}, 'base64')`,
  ...[apiKeys.receiptSecretId, apiKeys.label, apiKeys.scopes, apiKeys.checks, apiKeys.metadata],
  ...[apiKeys.createdAt, apiKeys.expiresAt],
  sql`coalesce(${apiKeys.expiresAt} <= now(), false)`,
  sql`${owners.disabledAt} is not null`,
  ...[owners.id, owners.issuer, owners.subject, owners.email, owners.role, owners.createdAt],
]

type Values = [
  id: string,
  prefix: string | null,
  lookupId: string,
  // A check constraint ensures that it is not null while the key is not revoked.
  keyHash: string,
  receipt: string | null,
  receiptSecretId: string | null,
  label: string,
  scopes: string[] | null,
  checks: string[],
  metadata: Record<string, string> | null,
  createdAt: string,
  expiresAt: string | null,
  isExpired: boolean,
  isOwnerDisabled: boolean,
  ownerId: string,
  issuer: string,
  subject: string,
  email: string | null,
  role: StoredOwner["role"],
  ownerCreatedAt: string,
]

const verifiableApiKeys = prepareOnce((db) =>
  db
    // One column: decoding twenty of them costs this process about twice what the JSON costs PostgreSQL.
    .select({ row: sql`json_build_array(${sql.join(values, sql`, `)})`.mapWith(toVerifiableApiKey) })
    .from(apiKeys)
    .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
    .where(and(onPrimary, anyOf(apiKeys.lookupId, sql.placeholder("lookupIds")), isNull(apiKeys.revokedAt)))
    .prepare("verifiable_api_keys"),
)

function toVerifiableApiKey(row: Values): VerifiableApiKey {
  const [
    id,
    prefix,
    lookupId,
    keyHash,
    receipt,
    receiptSecretId,
    label,
    scopes,
    checks,
    metadata,
    createdAt,
    expiresAt,
    isExpired,
    isOwnerDisabled,
    ownerId,
    issuer,
    subject,
    email,
    role,
    ownerCreatedAt,
  ] = row
  return {
    id,
    prefix,
    lookupId,
    keyHash,
    receipt: receipt === null ? null : Buffer.from(receipt, "base64"),
    receiptSecretId,
    label,
    scopes,
    checks,
    metadata,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    isExpired,
    isOwnerDisabled,
    owner: { id: ownerId, issuer, subject, email, role, createdAt: new Date(ownerCreatedAt) },
  }
}

/** Returns the keys that are not revoked now, in no particular order. They may have expired, or be of a disabled owner. */
export const findVerifiableApiKeys = query(
  async (db, { lookupIds }: { lookupIds: readonly string[] }): Promise<VerifiableApiKey[]> =>
    (await verifiableApiKeys(db).execute({ lookupIds: joinIds(lookupIds) })).map(({ row }) => row),
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
