import { sql } from "drizzle-orm"
import { index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core"
import { time } from "./columns.ts"
import { owners } from "./owners.ts"

/** A value of a field before and after a change, as JSON. */
export interface Change {
  from: unknown
  to: unknown
}

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
