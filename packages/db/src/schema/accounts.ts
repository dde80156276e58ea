import { bigint, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core"
import { bytea, time } from "./columns.ts"
import { owners } from "./owners.ts"

/** Links that prove that their bearer may set a password, or receives an account's mail. A new one replaces the old. */
export const accountTokens = pgTable(
  "account_tokens",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    kind: text("kind", { enum: ["passwordReset", "emailVerification"] }).notNull(),
    /** SHA-256 of the token, which has 256 random bits. */
    tokenHash: bytea("token_hash").notNull(),
    expiresAt: time("expires_at").notNull(),
    /** The administrator who has created the link for the user; null for the user's own links and the operator's. */
    createdBy: uuid("created_by"),
    /** The administrator's session; null without one. */
    createdInSession: uuid("created_in_session"),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.kind] }),
    uniqueIndex("account_tokens_hash_key").on(table.tokenHash),
    index("account_tokens_by_expiry").on(table.expiresAt),
  ],
)

/** Authenticator apps of own accounts. */
export const secondFactors = pgTable("second_factors", {
  userId: uuid("user_id")
    .primaryKey()
    .references(() => owners.id, { onDelete: "cascade" }),
  /** The TOTP secret (RFC 6238), encrypted by a server secret. */
  sealedSecret: bytea("sealed_secret").notNull(),
  /** Identifies the server secret. */
  secretId: text("secret_id").notNull(),
  /** The time step of the last accepted code. No code of it or of an earlier one is accepted. */
  lastStep: bigint("last_step", { mode: "number" }).notNull().default(-1),
  /** When the setup began. */
  createdAt: time("created_at").notNull().defaultNow(),
  /** When the first code confirmed the setup; null before. */
  enabledAt: time("enabled_at"),
})

/** The recovery codes that are left. */
export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** SHA-256 of the code, which has 120 random bits. */
    codeHash: bytea("code_hash").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
)

/** Sign-ins with the right password that wait for the second factor. */
export const signInChallenges = pgTable(
  "sign_in_challenges",
  {
    /** SHA-256 of the challenge, which has 256 random bits. */
    challengeHash: bytea("challenge_hash").primaryKey(),
    userId: uuid("user_id")
      .notNull()
      .references(() => owners.id, { onDelete: "cascade" }),
    /** How many answers were tried. */
    tries: integer("tries").notNull().default(0),
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [
    index("sign_in_challenges_by_user").on(table.userId),
    index("sign_in_challenges_by_expiry").on(table.expiresAt),
  ],
)
