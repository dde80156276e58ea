import { sql } from "drizzle-orm"
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core"

/** Milliseconds, as in JavaScript's `Date`, so that cursors preserve a time exactly. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" })

/** Whom keys belong to: Latchkey's own accounts, and owners that other issuers vouch for. */
export const owners = pgTable(
  "owners",
  {
    /** Random for own accounts; derived from issuer and subject for all others. */
    id: uuid("id").primaryKey().defaultRandom(),
    /** Who vouches for the subject: `latchkey` for own accounts. */
    issuer: text("issuer").notNull(),
    /** The issuer's own id of the person, organization or service; for own accounts the same as `id`. */
    subject: text("subject").notNull(),
    /** Own accounts only. In lower case, for the unique index. */
    email: text("email"),
    passwordHash: text("password_hash"),
    role: text("role", { enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    createdAt: time("created_at").notNull().defaultNow(),
    disabledAt: time("disabled_at"),
    /** When the personal data was erased. Tokens issued before stay refused, which is why the row remains. */
    erasedAt: time("erased_at"),
  },
  (table) => [
    uniqueIndex("owners_issuer_subject_key").on(table.issuer, table.subject),
    uniqueIndex("owners_email_key").on(table.email),
    // For administrators' lists and searches. Only the collation "C" supports prefix searches.
    index("owners_by_age").on(table.createdAt.desc(), table.id.desc()),
    index("owners_disabled_by_age")
      .on(table.createdAt.desc(), table.id.desc())
      .where(sql`${table.disabledAt} is not null`),
    index("owners_by_name_prefix").on(
      sql`(lower(coalesce(${table.email}, ${table.subject})) collate "C")`,
      table.id,
    ),
    index("owners_admins").on(table.id).where(sql`${table.role} = 'admin'`),
    check("owners_role_check", sql`${table.role} in ('user', 'admin')`),
    check(
      "owners_account_check",
      sql`case when ${table.issuer} = 'latchkey'
        then ${table.subject} = ${table.id}::text
          and (${table.email} is null) = (${table.erasedAt} is not null)
          and (${table.passwordHash} is null) = (${table.erasedAt} is not null)
        else ${table.email} is null and ${table.passwordHash} is null and ${table.role} = 'user' end`,
    ),
  ],
)

export const sessions = pgTable(
  "sessions",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** SHA-256 of the part that all refresh tokens of this session share. */
    familyHash: bytea("family_hash").notNull(),
    /** SHA-256 of the part that only the newest refresh token has. */
    turnHash: bytea("turn_hash").notNull(),
    /** The client that signed in, such as "Chrome on Linux". */
    device: text("device"),
    createdAt: time("created_at").notNull().defaultNow(),
    refreshedAt: time("refreshed_at").notNull().defaultNow(),
    /** Absolute: refreshing does not extend it. */
    expiresAt: time("expires_at").notNull(),
    endedAt: time("ended_at"),
  },
  (table) => [
    index("sessions_live_by_user").on(table.userId).where(sql`${table.endedAt} is null`),
    index("sessions_by_end").on(sql`(least(${table.endedAt}, ${table.expiresAt}))`),
  ],
)

/** A value of a field before and after a change, as JSON. */
export interface Change {
  from: unknown
  to: unknown
}

export const apiKeys = pgTable(
  "api_keys",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** What stands in front of the key, before an underscore; null for keys without a prefix and checksum. */
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
    /** The CIDR blocks that the key may be used from, in canonical form; null for any address. */
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
    /** What must be checked before the key is accepted. A server that does not know one of them has no verdict. */
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
    index("api_keys_by_owner").on(table.ownerId, table.createdAt.desc(), table.id.desc()),
    index("api_keys_by_age").on(table.createdAt.desc(), table.id.desc()),
    index("api_keys_by_label_prefix").on(sql`(lower(${table.label}) collate "C")`, table.id),
    index("api_keys_by_imported_start")
      .on(sql`(${table.importedStart} collate "C")`, table.importedLength)
      .where(sql`${table.importedStart} is not null`),
    // Which lengths of starts there are.
    index("api_keys_by_imported_start_length")
      .on(sql`(length(${table.importedStart}))`)
      .where(
        sql`${table.importedStart} is not null and ${table.hashKind} = 'bcrypt' and ${table.revokedAt} is null`,
      ),
    index("api_keys_by_sha256")
      .on(table.keyHash)
      .where(sql`${table.hashKind} = 'sha256' and ${table.revokedAt} is null`),
    // One successor for each key, however many are asked for at once.
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

/** How often keys were used, by day. Deleted after 90 days. */
export const apiKeyUsage = pgTable(
  "api_key_usage",
  {
    apiKeyId: uuid("api_key_id")
      .notNull()
      .references(() => apiKeys.id, { onDelete: "cascade" }),
    /** In UTC. */
    day: date("day").notNull(),
    /** Calls that were accepted. */
    accepted: bigint("accepted", { mode: "number" }).notNull().default(0),
    /** Calls that were refused by the key's limit. */
    limited: bigint("limited", { mode: "number" }).notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.apiKeyId, table.day] }),
    index("api_key_usage_by_day").on(table.day),
  ],
)

/** How far the limits of keys are used up, as the instances report to each other. */
export const apiKeyCounters = pgTable(
  "api_key_counters",
  {
    /** The id of the first of the keys that share the counter by replacing each other. */
    id: uuid("id").primaryKey(),
    /** The length of the window. */
    seconds: integer("seconds").notNull(),
    /** The accepted calls in the window, on all instances. */
    used: bigint("used", { mode: "number" }).notNull(),
    /** The end of the window, which began `seconds` earlier. */
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [index("api_key_counters_by_expiry").on(table.expiresAt)],
)

/** Revocations of many keys at once, which an administrator previews, confirms and, after a failure, resumes. */
export const massRevocations = pgTable(
  "mass_revocations",
  {
    /** Identifies the preview; what the administrator confirms. */
    id: uuid("id").primaryKey().defaultRandom(),
    /** The owner who may confirm, who need not have a row. */
    adminId: uuid("admin_id").notNull(),
    /** Which keys it is about. */
    criteria: jsonb("criteria").$type<Record<string, string>>().notNull(),
    /** The time of the preview. Keys created later are left. */
    createdAt: time("created_at").notNull().defaultNow(),
    /** When it was confirmed, which is possible once. */
    confirmedAt: time("confirmed_at"),
    /** When the last of the keys was revoked. */
    finishedAt: time("finished_at"),
    /** The number of keys that it has revoked so far. */
    revoked: integer("revoked").notNull().default(0),
  },
  (table) => [index("mass_revocations_by_age").on(table.createdAt)],
)

/** The audit trail: one row for each event, or a counting row for events that anyone can repeat at will. */
export const auditEvents = pgTable(
  "audit_events",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    /** The owner whose audit trail contains the event. */
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    kind: text("kind", {
      enum: [
        "registered",
        "loggedIn",
        "loginFailed",
        "refreshTokenReused",
        "loggedOut",
        "sessionRevoked",
        "otherSessionsRevoked",
        "oldestSessionsEnded",
        "passwordChanged",
        "passwordChangeFailed",
        "apiKeyCreated",
        "apiKeyUpdated",
        "apiKeyRotated",
        "apiKeyImported",
        "apiKeyRefused",
        "apiKeyLeaked",
        "apiKeyRevoked",
        "ownerTokenCreated",
        "userDisabled",
        "userEnabled",
        "userErased",
      ],
    }).notNull(),
    /** The administrator who acted, who need not have a row; null if the owner did. */
    actorId: uuid("actor_id"),
    /** The person who acted for the owner or as the administrator; null if that was the owner. */
    actor: text("actor"),
    via: text("via", {
      enum: ["password", "session", "apiKey", "refreshToken", "accessToken", "ownerToken", "host", "server"],
    }).notNull(),
    /** The session's or key's id, or that of the key that made an owner token; null for other credentials. */
    credentialId: uuid("credential_id"),
    /** Null in a row that counts failures from many addresses, and for changes without a request. */
    address: text("address"),
    device: text("device"),
    requestId: text("request_id").notNull(),
    /** The affected session or key. */
    subjectId: uuid("subject_id"),
    /** The subject's name at that time: a key's label or a session's device. */
    subjectLabel: text("subject_label"),
    /** What an update has changed, by the field's name. */
    changes: jsonb("changes").$type<Record<string, Change>>(),
    /** The number of failures in the row, or of sessions that ended. */
    count: integer("count").notNull().default(1),
    /** Identifies what a counting row counts; null for a single event. */
    summaryOf: text("summary_of"),
    /** The time of recording. The transaction may have begun earlier and waited for others. */
    createdAt: time("created_at").notNull().default(sql`clock_timestamp()`),
    /** The time of the last event in a counting row. */
    lastAt: time("last_at"),
  },
  (table) => [
    index("audit_events_by_owner").on(table.ownerId, table.createdAt.desc(), table.id.desc()),
    index("audit_events_by_time").on(table.createdAt),
    uniqueIndex("audit_events_summary_key")
      .on(table.ownerId, table.summaryOf)
      .where(sql`${table.summaryOf} is not null`),
  ],
)

/** The counts of rate limits. */
export const rateLimits = pgTable(
  "rate_limits",
  {
    /** The limit's name and a keyed digest of its subject. */
    key: text("key").primaryKey(),
    points: integer("points").notNull(),
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [index("rate_limits_by_expiry").on(table.expiresAt)],
)
