import { getTableName, inArray, type SQL, sql } from "drizzle-orm"
import { pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { accountTokens, recoveryCodes, secondFactors, signInChallenges } from "../schema/accounts.ts"
import { apiKeys } from "../schema/apiKeys.ts"
import { auditEvents, firstAuditEvents } from "../schema/auditEvents.ts"
import { authority, authorityChanges, leases } from "../schema/authority.ts"
import { apiKeyCounters, apiKeyUsage, firstApiKeyUsage } from "../schema/keyCounts.ts"
import { massRevocations } from "../schema/massRevocations.ts"
import { owners } from "../schema/owners.ts"
import { rateLimits } from "../schema/rateLimits.ts"
import { sessions } from "../schema/sessions.ts"

/** Which migrations have been applied. */
export const appliedMigrations = pgTable("latchkey_migrations", {
  /** SHA-256 of the migration's file, as it was first released. */
  hash: text("hash").primaryKey(),
  appliedAt: timestamp("applied_at", { withTimezone: true }).notNull().defaultNow(),
})

/** The names of all tables, without the partitions of months. They are in one schema. */
export const TABLES: readonly string[] = [
  appliedMigrations,
  owners,
  sessions,
  accountTokens,
  secondFactors,
  recoveryCodes,
  signInChallenges,
  apiKeys,
  apiKeyUsage,
  firstApiKeyUsage,
  apiKeyCounters,
  massRevocations,
  auditEvents,
  firstAuditEvents,
  rateLimits,
  authority,
  authorityChanges,
  leases,
].map(getTableName)

const isName = (name: SQL) => inArray(name, [...TABLES])

/** A condition: the row `c` of `pg_class` is one of our tables, or a partition of one. */
export const isOurTable = sql`(${isName(sql`c.relname`)} or exists (
  select from pg_inherits i join pg_class p on p.oid = i.inhparent
  where i.inhrelid = c.oid and p.relnamespace = c.relnamespace and ${isName(sql`p.relname`)}))`
