import { sql } from "drizzle-orm"
import { boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core"
import { bytea, time } from "./columns.ts"
import { owners } from "./owners.ts"

export const apiKeys = pgTable(
  "api_keys",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** The key's prefix, which an underscore follows; null for keys without a prefix and checksum. */
    prefix: text("prefix"),
    /** The key's first 16 characters, after a prefix; not secret. Null for imported keys, whose form is another. */
    lookupId: text("lookup_id"),
    /**
     * The beginning of an imported key, which is not secret, and finds it if its hash is bcrypt; null for keys that were
     * created here.
     */
    importedStart: text("imported_start"),
    /** The length of an imported key in bytes; if its hash is SHA-256, the least that it may be. */
    importedLength: integer("imported_length"),
    /** `sha256`: of some imported keys, which are found by it. */
    hashKind: text("hash_kind", { enum: ["bcrypt", "sha256"] })
      .notNull()
      .default("bcrypt"),
    keyHash: text("key_hash"),
    receipt: bytea("receipt"),
    /** Identifies the server secret that made the receipt. */
    receiptSecretId: text("receipt_secret_id"),
    label: text("label").notNull(),
    /** Null: every scope that the owner has. */
    scopes: text("scopes").array(),
    /** The CIDR blocks from which the key may be used, in canonical form; null for any address. */
    allowedIps: text("allowed_ips").array(),
    /** How many calls the key may make in a window; null without a limit. */
    rateLimit: integer("rate_limit"),
    /** The length of the limit's window in seconds. */
    rateWindow: integer("rate_window"),
    /** Identifies the limit's counter, which a key inherits from the one that it replaces; null: the key's own id. */
    counterId: uuid("counter_id"),
    disabledAt: time("disabled_at"),
    /** Whether the product has set the scopes, addresses and limit, so that the owner can't change them. */
    locked: boolean("locked").notNull().default(false),
    /**
     * The checks that must be made before the key is accepted. A server that does not know one of them has no
     * verdict.
     */
    checks: text("checks").array().notNull().default([]),
    /** The actor who created the key, else the owner's subject. */
    createdBy: text("created_by").notNull(),
    metadata: jsonb("metadata").$type<Record<string, string>>(),
    /** The key that this one replaces. */
    replaces: uuid("replaces"),
    /** The key that replaces this one, which then expires at the end of the grace at the latest. */
    replacedBy: uuid("replaced_by"),
    createdAt: time("created_at").notNull().defaultNow(),
    lastUsedAt: time("last_used_at"),
    expiresAt: time("expires_at"),
    revokedAt: time("revoked_at"),
  },
  (table) => [
    uniqueIndex("api_keys_lookup_id_key").on(table.lookupId),
    index("api_keys_active_by_owner")
      .on(table.ownerId, table.createdAt.desc(), table.id.desc())
      .where(sql`${table.revokedAt} is null`),
    // Ends before the keys that have expired, of which an owner may have very many.
    index("api_keys_active_by_expiry")
      .on(table.ownerId, sql`(coalesce(${table.expiresAt}, 'infinity'))`)
      .where(sql`${table.revokedAt} is null`),
    index("api_keys_by_owner").on(table.ownerId, table.createdAt.desc(), table.id.desc()),
    index("api_keys_by_age").on(table.createdAt.desc(), table.id.desc()),
    index("api_keys_by_label_prefix").on(sql`(lower(${table.label}) collate "C")`, table.id),
    index("api_keys_by_imported_start")
      .on(sql`(${table.importedStart} collate "C")`, table.importedLength)
      .where(sql`${table.importedStart} is not null`),
    index("api_keys_imported_by_age")
      .on(table.createdAt.desc(), table.id.desc())
      .where(sql`${table.importedStart} is not null`),
    // For finding the lengths of starts.
    index("api_keys_by_imported_start_length")
      .on(sql`(length(${table.importedStart}))`)
      .where(
        sql`${table.importedStart} is not null and ${table.hashKind} = 'bcrypt' and ${table.revokedAt} is null`,
      ),
    index("api_keys_by_sha256")
      .on(table.keyHash)
      .where(sql`${table.hashKind} = 'sha256' and ${table.revokedAt} is null`),
    // One successor for each key, even with concurrent rotations.
    uniqueIndex("api_keys_replaces_key").on(table.replaces).where(sql`${table.replaces} is not null`),
    check("api_keys_scopes_check", sql`${table.scopes} is null or 'scopes' = any(${table.checks})`),
    check(
      "api_keys_allowed_ips_check",
      sql`${table.allowedIps} is null or 'allowedIps' = any(${table.checks})`,
    ),
    check(
      "api_keys_rate_limit_check",
      sql`case when ${table.rateLimit} is null then ${table.rateWindow} is null
        else coalesce(${table.rateWindow}, 0) > 0 and ${table.rateLimit} > 0 and 'rateLimit' = any(${table.checks}) end`,
    ),
    check("api_keys_disabled_check", sql`${table.disabledAt} is null or 'disabled' = any(${table.checks})`),
    check(
      "api_keys_imported_check",
      sql`case when ${table.lookupId} is null
        then ${table.importedStart} is not null and coalesce(${table.importedLength}, 0) > 0 and 'imported' = any(${table.checks})
        else ${table.importedStart} is null and ${table.importedLength} is null end`,
    ),
    check("api_keys_hash_kind_check", sql`${table.hashKind} in ('bcrypt', 'sha256')`),
    check("api_keys_lookup_id_check", sql`${table.lookupId} ~ '^[0-9a-f]{16}$'`),
    check(
      "api_keys_revoked_check",
      sql`(${table.revokedAt} is null and ${table.keyHash} is not null)
        or (${table.revokedAt} is not null and ${table.keyHash} is null and ${table.receipt} is null)`,
    ),
  ],
)
