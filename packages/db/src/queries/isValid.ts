import { and, gt, isNull, or, sql } from "drizzle-orm"
import { apiKeys, sessions } from "../schema.ts"

/** A session that has neither ended nor expired, by the database's clock. */
export const isLive = and(isNull(sessions.endedAt), gt(sessions.expiresAt, sql`now()`))

/** A key that is neither revoked nor expired, by the database's clock. It may be disabled for now. */
export const isActive = and(
  isNull(apiKeys.revokedAt),
  or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)),
)
