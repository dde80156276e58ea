import { and, eq, exists, gt, isNull, or, sql } from "drizzle-orm"
import { alias, type PgColumn, QueryBuilder } from "drizzle-orm/pg-core"
import { apiKeys } from "../../schema/apiKeys.ts"
import { sessions } from "../../schema/sessions.ts"

/** A session that has neither ended nor expired, by the database's clock. */
export const isLive = and(isNull(sessions.endedAt), gt(sessions.expiresAt, sql`now()`))

const activeIn = ({ revokedAt, expiresAt }: Record<"revokedAt" | "expiresAt", PgColumn>) =>
  and(isNull(revokedAt), or(isNull(expiresAt), gt(expiresAt, sql`now()`)))

/** A key that is neither revoked nor expired, by the database's clock. It may be disabled for now. */
export const isActive = activeIn(apiKeys)

const successor = alias(apiKeys, "successor")

/** A key that another one replaces, which is active. */
export const isReplaced = exists(
  new QueryBuilder()
    .select({ id: successor.id })
    .from(successor)
    .where(and(eq(successor.id, apiKeys.replacedBy), activeIn(successor))),
)
