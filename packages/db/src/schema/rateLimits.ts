import { index, integer, pgTable, text } from "drizzle-orm/pg-core"
import { time } from "./columns.ts"

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
