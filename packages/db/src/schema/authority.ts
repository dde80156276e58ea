import { sql } from "drizzle-orm"
import { bigint, boolean, check, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core"
import { time, xid8 } from "./columns.ts"

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
