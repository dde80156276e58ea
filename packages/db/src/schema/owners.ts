import { sql } from "drizzle-orm"
import { boolean, check, index, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core"
import { time } from "./columns.ts"

/** The owners of keys: Latchkey's own accounts, and the users of other issuers. */
export const owners = pgTable(
  "owners",
  {
    /** Random for own accounts; derived from issuer and subject for all others. */
    id: uuid("id").primaryKey().defaultRandom(),
    /** The issuer of the subject: `latchkey` for Latchkey's own accounts. */
    issuer: text("issuer").notNull(),
    /** The issuer's own id of the person, organization or service; for own accounts the same as `id`. */
    subject: text("subject").notNull(),
    /** Own accounts only. In lower case, for the unique index. */
    email: text("email"),
    passwordHash: text("password_hash"),
    role: text("role", { enum: ["user", "admin"] })
      .notNull()
      .default("user"),
    createdAt: time("created_at").notNull().defaultNow(),
    disabledAt: time("disabled_at"),
    /** When somebody proved that the email of an own account is theirs. */
    emailVerifiedAt: time("email_verified_at"),
    /**
     * Whether emails were verified when the account was made: then `ADMIN_EMAILS` counts only once this one is, by a
     * session of the account, which clears this.
     */
    mustVerifyEmail: boolean("must_verify_email").notNull().default(false),
    /** When the personal data was erased. Tokens issued before stay refused, which is why the row remains. */
    erasedAt: time("erased_at"),
    /** When the keys, sessions and audit events of an erased owner no longer had any personal data; null until then. */
    strippedAt: time("stripped_at"),
  },
  (table) => [
    uniqueIndex("owners_issuer_subject_key").on(table.issuer, table.subject),
    uniqueIndex("owners_email_key").on(table.email),
    // For administrators' lists and searches. Only the collation "C" supports prefix searches.
    index("owners_by_age").on(table.createdAt.desc(), table.id.desc()),
    index("owners_disabled_by_age")
      .on(table.createdAt.desc(), table.id.desc())
      .where(sql`${table.disabledAt} is not null`),
    index("owners_by_name_prefix").on(
      sql`(lower(coalesce(${table.email}, ${table.subject})) collate "C")`,
      table.id,
    ),
    index("owners_admins").on(table.id).where(sql`${table.role} = 'admin'`),
    // For finding unfinished erasures.
    index("owners_to_strip")
      .on(table.id)
      .where(sql`${table.erasedAt} is not null and ${table.strippedAt} is null`),
    check("owners_role_check", sql`${table.role} in ('user', 'admin')`),
    check(
      "owners_account_check",
      sql`case when ${table.issuer} = 'latchkey'
        then ${table.subject} = ${table.id}::text
          and (${table.email} is null) = (${table.erasedAt} is not null)
          and (${table.passwordHash} is null) = (${table.erasedAt} is not null)
        else ${table.email} is null and ${table.passwordHash} is null and ${table.role} = 'user' end`,
    ),
    // Nothing enables an erased owner, not even a version that knows of no erasure.
    check(
      "owners_erased_check",
      sql`case when ${table.erasedAt} is null then ${table.strippedAt} is null
        else ${table.disabledAt} is not null end`,
    ),
  ],
)
