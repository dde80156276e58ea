import { sql } from "drizzle-orm"
import {
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
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
        then ${table.subject} = ${table.id}::text and ${table.email} is not null and ${table.passwordHash} is not null
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

export const apiKeys = pgTable(
  "api_keys",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    ownerId: uuid("owner_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** What stands in front of the key, before an underscore; null for keys without a prefix and checksum. */
    prefix: text("prefix"),
    /** The key's first 16 characters, after a prefix; not secret. */
    lookupId: text("lookup_id").notNull(),
    keyHash: text("key_hash"),
    receipt: bytea("receipt"),
    /** Identifies the server secret that made the receipt. */
    receiptSecretId: text("receipt_secret_id"),
    label: text("label").notNull(),
    /** Null: every scope that the owner has. */
    scopes: text("scopes").array(),
    /** What must be checked before the key is accepted. A server that does not know one of them has no verdict. */
    checks: text("checks").array().notNull().default([]),
    /** The actor who created the key, else the owner's subject. */
    createdBy: text("created_by").notNull(),
    metadata: jsonb("metadata").$type<Record<string, string>>(),
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
    check("api_keys_scopes_check", sql`${table.scopes} is null or 'scopes' = any(${table.checks})`),
    check("api_keys_lookup_id_check", sql`${table.lookupId} ~ '^[0-9a-f]{16}$'`),
    check(
      "api_keys_revoked_check",
      sql`(${table.revokedAt} is null and ${table.keyHash} is not null)
        or (${table.revokedAt} is not null and ${table.keyHash} is null and ${table.receipt} is null)`,
    ),
  ],
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
        "apiKeyRevoked",
        "ownerTokenCreated",
        "userDisabled",
        "userEnabled",
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
