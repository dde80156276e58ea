import { sql } from "drizzle-orm"
import {
  check,
  customType,
  index,
  integer,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core"

/** Milliseconds, as in JavaScript's `Date`, so that a time survives the way through a cursor and back. */
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" })

export const users = pgTable(
  "users",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    /** Lower case; what the unique index compares. */
    email: text("email").notNull(),
    passwordHash: text("password_hash").notNull(),
    role: text("role", { enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    createdAt: time("created_at").notNull().defaultNow(),
    disabledAt: time("disabled_at"),
  },
  (table) => [
    uniqueIndex("users_email_key").on(table.email),
    check("users_role_check", sql`${table.role} in ('user', 'admin')`),
  ],
)

export const sessions = pgTable(
  "sessions",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of the part that all refresh tokens of this session share. */
    familyHash: bytea("family_hash").notNull(),
    /** SHA-256 of the part that only the newest refresh token has. */
    turnHash: bytea("turn_hash").notNull(),
    /** What signed in, for its owner to recognise: "Chrome on Linux". */
    device: text("device"),
    createdAt: time("created_at").notNull().defaultNow(),
    refreshedAt: time("refreshed_at").notNull().defaultNow(),
    /** Absolute: refreshing does not move it. */
    expiresAt: time("expires_at").notNull(),
    endedAt: time("ended_at"),
  },
  (table) => [index("sessions_live_by_user").on(table.userId).where(sql`${table.endedAt} is null`)],
)

export const apiKeys = pgTable(
  "api_keys",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** The key's first 16 characters; not secret. */
    lookupId: text("lookup_id").notNull(),
    keyHash: text("key_hash"),
    receipt: bytea("receipt"),
    /** Which server secret the receipt was made under. */
    receiptSecretId: text("receipt_secret_id"),
    label: text("label").notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
    lastUsedAt: time("last_used_at"),
    expiresAt: time("expires_at"),
    revokedAt: time("revoked_at"),
  },
  (table) => [
    uniqueIndex("api_keys_lookup_id_key").on(table.lookupId),
    index("api_keys_active_by_user")
      .on(table.userId, table.createdAt.desc(), table.id.desc())
      .where(sql`${table.revokedAt} is null`),
    index("api_keys_by_user").on(table.userId, table.createdAt.desc(), table.id.desc()),
    check("api_keys_lookup_id_check", sql`${table.lookupId} ~ '^[0-9a-f]{16}$'`),
    check(
      "api_keys_revoked_check",
      sql`(${table.revokedAt} is null and ${table.keyHash} is not null)
        or (${table.revokedAt} is not null and ${table.keyHash} is null and ${table.receipt} is null)`,
    ),
  ],
)

/** What has been counted towards a limit. */
export const rateLimits = pgTable(
  "rate_limits",
  {
    /** Which limit, and a keyed digest of whom it is counted for. */
    key: text("key").primaryKey(),
    points: integer("points").notNull(),
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [index("rate_limits_by_expiry").on(table.expiresAt)],
)
