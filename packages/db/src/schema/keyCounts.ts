import { bigint, date, index, integer, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core"
import { apiKeys } from "./apiKeys.ts"
import { time } from "./columns.ts"

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
