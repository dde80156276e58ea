import {
  type ForeignRow,
  readFlag,
  readJson,
  readMetadata,
  readTime,
  textOf,
  withCamelCase,
} from "./foreignRow.ts"

/** The minimum length in base58 of the random part of keys with 16 bytes, Unkey's default. */
const DEFAULT_LENGTH = 22

/** Unkey shows 4 characters of the random part. */
const SHOWN = 4

/**
 * The line for a row of the table `keys` of Unkey's own database, whose hash is the SHA-256 of the whole key in
 * base64. The row also needs `external_id` of the identity, and `permissions`, from other tables. Only the prefix
 * becomes the start.
 */
export function fromUnkey(foreign: ForeignRow, length = DEFAULT_LENGTH): ForeignRow {
  const row = withCamelCase(foreign)
  if (row.deletedAtM) return { refusal: "deleted_at_m: the key has been deleted" }
  if (row.pendingMigrationId) return { refusal: "pending_migration_id: the hash is not Unkey's own" }
  if (row.remainingRequests !== null && row.remainingRequests !== undefined) {
    return { refusal: "remaining_requests: Latchkey does not count how often a key may still be used" }
  }
  const prefix = textOf(row.prefix)
  const start = prefix === "" ? textOf(row.start).slice(0, -SHOWN) : `${prefix}_`
  return {
    id: row.id,
    subject: row.externalId ?? row.ownerId,
    label: textOf(row.name) || "Imported key",
    keyHash: `sha256:${textOf(row.hash)}`,
    start,
    keyLength: start.length + length,
    scopes: readJson(row.permissions) ?? [],
    metadata: readMetadata(row.meta),
    disabled: !readFlag(row.enabled, true),
    createdAt: row.createdAtM || null,
    expiresAt: readTime(row.expires),
    lastUsedAt: row.lastUsedAt || null,
  }
}
