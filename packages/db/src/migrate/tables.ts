import { getTableName } from "drizzle-orm"
import { pgTable, text, timestamp } from "drizzle-orm/pg-core"
import {
  apiKeyCounters,
  apiKeys,
  apiKeyUsage,
  auditEvents,
  massRevocations,
  owners,
  rateLimits,
  sessions,
} from "../schema.ts"

/** Which migrations have been applied. */
export const appliedMigrations = pgTable("latchkey_migrations", {
  /** SHA-256 of the migration's file, as it was first released. */
  hash: text("hash").primaryKey(),
  appliedAt: timestamp("applied_at", { withTimezone: true }).notNull().defaultNow(),
})

/** The names of all tables. They are in one schema. */
export const TABLES: readonly string[] = [
  appliedMigrations,
  owners,
  sessions,
  apiKeys,
  apiKeyUsage,
  apiKeyCounters,
  massRevocations,
  auditEvents,
  rateLimits,
].map(getTableName)
