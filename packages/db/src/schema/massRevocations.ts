import { index, integer, jsonb, pgTable, uuid } from "drizzle-orm/pg-core"
import { time } from "./columns.ts"

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
    /** The time of the preview. */
    createdAt: time("created_at").notNull().defaultNow(),
    /**
     * Keys created or imported from this time on are left, unless they replace one that matches. Later than the preview if
     * an earlier primary's clock was ahead. Null in previews of the version before, which used the time of the preview.
     */
    keysUntil: time("keys_until"),
    /** When it was confirmed, which is possible once. */
    confirmedAt: time("confirmed_at"),
    /** When the last of the keys was revoked. */
    finishedAt: time("finished_at"),
    /** The number of keys that it has revoked so far. */
    revoked: integer("revoked").notNull().default(0),
  },
  (table) => [index("mass_revocations_by_age").on(table.createdAt)],
)
