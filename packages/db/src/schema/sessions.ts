import { sql } from "drizzle-orm"
import { index, pgTable, text, uuid } from "drizzle-orm/pg-core"
import { bytea, time } from "./columns.ts"
import { owners } from "./owners.ts"

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
