import { boolean, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core"

/** The people who sign in to Tidewater. Latchkey never reads this table, and has no table of this name. */
export const users = pgTable("users", {
  id: uuid("id").primaryKey().defaultRandom(),
  email: text("email").notNull().unique(),
  name: text("name").notNull(),
  passwordHash: text("password_hash").notNull(),
})

/** The customers. API keys belong to them, not to the people who create the keys. */
export const organizations = pgTable("organizations", {
  /** Such as `org_harbor`: the `subject` of the keys. */
  id: text("id").primaryKey(),
  name: text("name").notNull(),
})

export const memberships = pgTable(
  "memberships",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    /** Viewers see the organization's keys, and editors create and revoke them. */
    role: text("role", { enum: ["viewer", "editor"] }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.organizationId] })],
)

export const signIns = pgTable("sign_ins", {
  /** SHA-256 of the cookie's value. */
  tokenHash: text("token_hash").primaryKey(),
  userId: uuid("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  organizationId: text("organization_id")
    .notNull()
    .references(() => organizations.id, { onDelete: "cascade" }),
  expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
})

export const reports = pgTable("reports", {
  id: uuid("id").primaryKey().defaultRandom(),
  organizationId: text("organization_id")
    .notNull()
    .references(() => organizations.id, { onDelete: "cascade" }),
  title: text("title").notNull(),
  isPublished: boolean("is_published").notNull().default(false),
})
