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

const xid8 = customType<{ data: string }>({ dataType: () => "xid8" })

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" })

/** The owners of keys: Latchkey's own accounts, and the users of other issuers. */
export const owners = pgTable(
  "owners",
  {
    /** Random for own accounts; derived from issuer and subject for all others. */
    id: uuid("id").primaryKey().defaultRandom(),
    /** The issuer of the subject: `latchkey` for Latchkey's own accounts. */
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
    /** When somebody proved that the email of an own account is theirs. */
    emailVerifiedAt: time("email_verified_at"),
    /**
     * Whether emails were verified when the account was made: then `ADMIN_EMAILS` counts only once this one is, by a
     * session of the account, which clears this.
     */
    mustVerifyEmail: boolean("must_verify_email").notNull().default(false),
    /** When the personal data was erased. Tokens issued before stay refused, which is why the row remains. */
    erasedAt: time("erased_at"),
    /** When the keys, sessions and audit events of an erased owner no longer had any personal data; null until then. */
    strippedAt: time("stripped_at"),
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
    // For finding unfinished erasures.
    index("owners_to_strip")
      .on(table.id)
      .where(sql`${table.erasedAt} is not null and ${table.strippedAt} is null`),
    check("owners_role_check", sql`${table.role} in ('user', 'admin')`),
    check(
      "owners_account_check",
      sql`case when ${table.issuer} = 'latchkey'
        then ${table.subject} = ${table.id}::text
          and (${table.email} is null) = (${table.erasedAt} is not null)
          and (${table.passwordHash} is null) = (${table.erasedAt} is not null)
        else ${table.email} is null and ${table.passwordHash} is null and ${table.role} = 'user' end`,
    ),
    // Nothing enables an erased owner, not even a version that knows of no erasure.
    check(
      "owners_erased_check",
      sql`case when ${table.erasedAt} is null then ${table.strippedAt} is null
        else ${table.disabledAt} is not null end`,
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
    /** The address at which it last received tokens; null if unknown. */
    address: text("address"),
    createdAt: time("created_at").notNull().defaultNow(),
    refreshedAt: time("refreshed_at").notNull().defaultNow(),
    /** If sessions end when they are idle, refreshing extends it. */
    expiresAt: time("expires_at").notNull(),
    /** Refreshing extends no session beyond it; null if `expires_at` is final. */
    finalExpiresAt: time("final_expires_at"),
    endedAt: time("ended_at"),
  },
  (table) => [
    index("sessions_live_by_user").on(table.userId).where(sql`${table.endedAt} is null`),
    index("sessions_by_end").on(sql`(least(${table.endedAt}, ${table.expiresAt}))`),
  ],
)

/** Links that prove that their bearer may set a password, or receives an account's mail. A new one replaces the old. */
export const accountTokens = pgTable(
  "account_tokens",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    kind: text("kind", { enum: ["passwordReset", "emailVerification"] }).notNull(),
    /** SHA-256 of the token, which has 256 random bits. */
    tokenHash: bytea("token_hash").notNull(),
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.kind] }),
    uniqueIndex("account_tokens_hash_key").on(table.tokenHash),
    index("account_tokens_by_expiry").on(table.expiresAt),
  ],
)

/** Authenticator apps of own accounts. */
export const secondFactors = pgTable("second_factors", {
  userId: uuid("user_id")
    .primaryKey()
    .references(() => owners.id, { onDelete: "cascade" }),
  /** The TOTP secret (RFC 6238), encrypted by a server secret. */
  sealedSecret: bytea("sealed_secret").notNull(),
  /** Identifies the server secret. */
  secretId: text("secret_id").notNull(),
  /** The time step of the last accepted code. No code of it or of an earlier one is accepted. */
  lastStep: bigint("last_step", { mode: "number" }).notNull().default(-1),
  /** When the setup began. */
  createdAt: time("created_at").notNull().defaultNow(),
  /** When the first code confirmed the setup; null before. */
  enabledAt: time("enabled_at"),
})

/** The recovery codes that are left. */
export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** SHA-256 of the code, which has 120 random bits. */
    codeHash: bytea("code_hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
)

/** Sign-ins with the right password that wait for the second factor. */
export const signInChallenges = pgTable(
  "sign_in_challenges",
  {
    /** SHA-256 of the challenge, which has 256 random bits. */
    challengeHash: bytea("challenge_hash").primaryKey(),
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** How many answers were tried. */
    tries: integer("tries").notNull().default(0),
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [
    index("sign_in_challenges_by_user").on(table.userId),
    index("sign_in_challenges_by_expiry").on(table.expiresAt),
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

const usageColumns = () => ({
  apiKeyId: uuid("api_key_id")
    .notNull()
    .references(() => apiKeys.id, { onDelete: "cascade" }),
  /** In UTC. */
  day: date("day").notNull(),
  /** Calls that were accepted. */
  accepted: bigint("accepted", { mode: "number" }).notNull().default(0),
  /** Calls that were refused by the key's limit. */
  limited: bigint("limited", { mode: "number" }).notNull().default(0),
})

/** How often keys were used, by day. Kept for 90 days. Partitioned by month, see `queries/months`. */
export const apiKeyUsage = pgTable("key_usage", usageColumns(), (table) => [
  primaryKey({ columns: [table.apiKeyId, table.day] }),
  index("key_usage_by_day").on(table.day),
])

/** The partition of `apiKeyUsage` until the months begin, which the version before uses by its own name. */
export const firstApiKeyUsage = pgTable("api_key_usage", usageColumns(), (table) => [
  primaryKey({ columns: [table.apiKeyId, table.day] }),
  index("api_key_usage_by_day").on(table.day),
])

/** How much of the limits of keys is used up. The instances tell each other by this table. */
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
    /** The owner who may confirm. There may be no row for them. */
    adminId: uuid("admin_id").notNull(),
    /** The conditions for the keys to revoke. */
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

const auditEventColumns = () => ({
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
      "passwordResetRequested",
      "passwordReset",
      "emailVerified",
      "secondFactorEnabled",
      "secondFactorDisabled",
      "secondFactorFailed",
      "recoveryCodesRenewed",
      "recoveryCodeUsed",
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
  /** The administrator who acted, who may have no row; null if the owner acted. */
  actorId: uuid("actor_id"),
  /** The person who acted for the owner or as the administrator; null if that was the owner. */
  actor: text("actor"),
  via: text("via", {
    enum: [
      "password",
      "session",
      "apiKey",
      "refreshToken",
      "accessToken",
      "ownerToken",
      "host",
      "server",
      "link",
    ],
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
})

const eventId = () => uuid("id").defaultRandom()

/**
 * The audit trail: one row for each event, or a counting row for events that anyone can repeat at will. Partitioned by
 * month, see `queries/months`. Each partition has a unique index on the id, and one on owner and `summary_of`; a unique
 * index of the whole table would have to contain the time.
 */
export const auditEvents = pgTable(
  "audit_trail",
  { id: eventId().notNull(), ...auditEventColumns() },
  (table) => [
    index("audit_trail_by_last_time").on(
      table.ownerId,
      sql`(coalesce(${table.lastAt}, ${table.createdAt})) desc nulls last`,
      table.id.desc(),
    ),
    index("audit_trail_by_kind").on(
      table.ownerId,
      table.kind,
      sql`(coalesce(${table.lastAt}, ${table.createdAt})) desc nulls last`,
      table.id.desc(),
    ),
    // Of keys alone, because sessions outnumber them and nobody lists the events of a session.
    index("audit_trail_by_key")
      .on(
        table.subjectId,
        sql`(coalesce(${table.lastAt}, ${table.createdAt})) desc nulls last`,
        table.id.desc(),
      )
      .where(sql`starts_with(${table.kind}, 'apiKey')`),
    index("audit_trail_by_time").on(table.createdAt),
    // For the erasure of administrators.
    index("audit_trail_by_actor").on(table.actorId).where(sql`${table.actorId} is not null`),
  ],
)

/** The partition of `auditEvents` until the months begin, which the version before uses by its own name. */
export const firstAuditEvents = pgTable(
  "audit_events",
  { id: eventId().primaryKey(), ...auditEventColumns() },
  (table) => [
    index("audit_events_by_last_time").on(
      table.ownerId,
      sql`(coalesce(${table.lastAt}, ${table.createdAt})) desc nulls last`,
      table.id.desc(),
    ),
    index("audit_events_by_kind").on(
      table.ownerId,
      table.kind,
      sql`(coalesce(${table.lastAt}, ${table.createdAt})) desc nulls last`,
      table.id.desc(),
    ),
    // Of keys alone, because sessions outnumber them and nobody lists the events of a session.
    index("audit_events_by_key")
      .on(
        table.subjectId,
        sql`(coalesce(${table.lastAt}, ${table.createdAt})) desc nulls last`,
        table.id.desc(),
      )
      .where(sql`starts_with(${table.kind}, 'apiKey')`),
    index("audit_events_by_time").on(table.createdAt),
    index("audit_events_by_actor").on(table.actorId).where(sql`${table.actorId} is not null`),
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

/**
 * The number of changes to the rights of keys, owners and sessions since leases or a restore log have been in use.
 * Triggers raise it, and record what changed.
 */
export const authority = pgTable(
  "authority",
  {
    isOnly: boolean("is_only").primaryKey().default(true),
    /** The position of the newest change. Changes become visible in the order of their positions. */
    position: bigint("position", { mode: "number" }).notNull().default(0),
    /** The transaction that raised it last, which raises it once. */
    raisedBy: xid8("raised_by"),
    /** Changes up to this position may have been deleted. */
    deletedTo: bigint("deleted_to", { mode: "number" }).notNull().default(0),
    /** The length of the longest lease in milliseconds. 0: there are none. */
    longestLease: integer("longest_lease").notNull().default(0),
    /** The id under which a restore log is kept; null without one. Without leases as well, changes are not recorded. */
    deploymentId: uuid("deployment_id"),
    /** The restore log is known to have all changes up to this position. */
    loggedTo: bigint("logged_to", { mode: "number" }).notNull().default(0),
    /** The history that the positions belong to in the restore log; null before the first. */
    historyId: uuid("history_id"),
    /** The server, and its timeline, on which that history began. On another one, a new history begins. */
    historyServer: text("history_server"),
  },
  (table) => [check("authority_is_only_check", sql`${table.isOnly}`)],
)

/** The changes, for the instances that answer from memory and for the restore log. */
export const authorityChanges = pgTable(
  "authority_changes",
  {
    position: bigint("position", { mode: "number" }).notNull(),
    /** The id of a key, owner or session; the nil UUID for all of them. */
    subjectId: uuid("subject_id").notNull(),
    /** What changed of the subject: `factor` is an owner's second factor with its recovery codes. */
    kind: text("kind", { enum: ["key", "owner", "session", "password", "factor", "everything"] })
      .notNull()
      .default("everything"),
    createdAt: time("created_at").notNull().default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.position, table.subjectId, table.kind] })],
)

/** The instances that may answer from memory. */
export const leases = pgTable("leases", {
  /** Random for each process. */
  instanceId: uuid("instance_id").primaryKey(),
  /** Random for each renewal. */
  token: uuid("token").notNull(),
  /** The instance has applied all changes up to this position. */
  applied: bigint("applied", { mode: "number" }).notNull(),
  /** The length of its leases in milliseconds. */
  length: integer("length").notNull(),
})
