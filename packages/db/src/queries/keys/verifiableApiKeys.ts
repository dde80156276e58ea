import { and, type Column, eq, exists, isNull, sql } from "drizzle-orm"
import type { Database } from "../../database.ts"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import type { SeenRow } from "../../leases/leasedRead.ts"
import { prepareOnce } from "../../prepareOnce.ts"
import { prepareRows } from "../../prepareRows.ts"
import { note, query, waitsForNoStandby } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { apiKeyCounters } from "../../schema/keyCounts.ts"
import { owners } from "../../schema/owners.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { ownerColumns, type StoredOwner } from "../owners/ownerColumns.ts"
import { position, timeline } from "../server/leases.ts"
import { windowStart } from "./apiKeyCounters.ts"

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
  /** The reason why the key is not valid, regardless of the client, by the database's clock; null if it is valid. */
  ended: "ownerDisabled" | "expired" | "disabled" | null
  owner: StoredOwner
}

export const verifiableColumns = {
  id: apiKeys.id,
  prefix: apiKeys.prefix,
  // Not null in rows that were found by it.
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
  ended: sql<VerifiableApiKey["ended"]>`case
    when ${owners.disabledAt} is not null then 'ownerDisabled'
    when ${apiKeys.expiresAt} <= now() then 'expired'
    when ${apiKeys.disabledAt} is not null then 'disabled' end`,
  owner: ownerColumns,
}

export const isCounterOfKey = eq(apiKeyCounters.id, sql`coalesce(${apiKeys.counterId}, ${apiKeys.id})`)

const selectByLookupId = <Columns extends typeof verifiableColumns>(db: Database, columns: Columns) =>
  db
    .select(columns as typeof verifiableColumns)
    .from(apiKeys)
    .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
    .leftJoin(apiKeyCounters, isCounterOfKey)
    .where(and(onPrimary, anyOf(apiKeys.lookupId, sql.placeholder("lookupIds")), isNull(apiKeys.revokedAt)))

const verifiableApiKeys = prepareOnce((db) =>
  prepareRows(db, {
    select: selectByLookupId(db, verifiableColumns),
    name: "verifiable_api_keys",
    toRow: toVerifiableApiKey,
  }),
)

/** Converts values in the order of `verifiableColumns`. */
function toVerifiableApiKey([
  id,
  prefix,
  lookupId,
  keyHash,
  receipt,
  receiptSecretId,
  label,
  scopes,
  allowedIps,
  rateLimit,
  rateWindow,
  counterId,
  windowStart,
  windowCalls,
  readAt,
  checks,
  metadata,
  createdAt,
  expiresAt,
  ended,
  ownerId,
  issuer,
  subject,
  email,
  role,
  ownerCreatedAt,
]: readonly unknown[]): VerifiableApiKey {
  const row = {
    id,
    prefix,
    lookupId,
    keyHash,
    receipt,
    receiptSecretId,
    label,
    scopes: decode(apiKeys.scopes, scopes),
    allowedIps: decode(apiKeys.allowedIps, allowedIps),
    rateLimit,
    rateWindow,
    counterId,
    windowStart,
    windowCalls: decode(apiKeyCounters.used, windowCalls),
    readAt,
    checks: decode(apiKeys.checks, checks),
    metadata: decode(apiKeys.metadata, metadata),
    createdAt: decode(apiKeys.createdAt, createdAt),
    expiresAt: decode(apiKeys.expiresAt, expiresAt),
    ended,
    owner: { id: ownerId, issuer, subject, email, role, createdAt: decode(owners.createdAt, ownerCreatedAt) },
  } satisfies { [Name in keyof VerifiableApiKey]: unknown }
  return row as VerifiableApiKey
}

const verifiableApiKeysById = prepareOnce((db) =>
  db
    .select(verifiableColumns)
    .from(apiKeys)
    .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
    .leftJoin(apiKeyCounters, isCounterOfKey)
    .where(and(onPrimary, anyOf(apiKeys.id, sql.placeholder("ids")), isNull(apiKeys.revokedAt)))
    .prepare("verifiable_api_keys_by_id"),
)

const leasedApiKeys = prepareOnce((db) =>
  prepareRows(db, {
    select: selectByLookupId(db, { ...verifiableColumns, timeline, position }),
    name: "leased_api_keys",
    toRow: toSeenApiKey,
  }),
)

/** The same, with the position at which it was read at the end. */
function toSeenApiKey(values: readonly unknown[]): SeenRow<VerifiableApiKey> {
  const seen = { timeline: values.at(-2) as string, position: values.at(-1) as number }
  return { row: toVerifiableApiKey(values), seen }
}

const decode = (column: Column, value: unknown) => (value === null ? null : column.mapFromDriverValue(value))

/** Returns the keys that are not revoked now, in no particular order. They may have expired, or be of a disabled owner. */
export const findVerifiableApiKeys = query(
  async (db, { lookupIds }: { lookupIds: readonly string[] }): Promise<VerifiableApiKey[]> =>
    verifiableApiKeys(db).execute({ lookupIds: joinIds(lookupIds) }),
)

/** The same with the position at which they were read, for instances that hold leases. */
export const findLeasedApiKeys = query(
  async (db, { lookupIds }: { lookupIds: readonly string[] }): Promise<SeenRow<VerifiableApiKey>[]> =>
    leasedApiKeys(db).execute({ lookupIds: joinIds(lookupIds) }),
)

/** The same as `findVerifiableApiKeys` by id. */
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
export const recordReceipt = note(
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
          waitsForNoStandby,
        ),
      )
      .returning({ id: apiKeys.id })
    return recorded.length === 1
  },
)
