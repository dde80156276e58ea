import { and, eq, gt, isNull, sql } from "drizzle-orm"
import { alias, type PgColumn, QueryBuilder } from "drizzle-orm/pg-core"
import { apiKeys } from "../../schema/apiKeys.ts"
import { sessions } from "../../schema/sessions.ts"

/** A session that has neither ended nor expired, by the database's clock. */
export const isLive = and(isNull(sessions.endedAt), gt(sessions.expiresAt, sql`now()`))

/** When a key expires, as the index of active keys has it. */
export const expiryOf = ({ expiresAt }: Record<"expiresAt", PgColumn>) =>
  sql`coalesce(${expiresAt}, 'infinity')`

const activeIn = (keys: Record<"revokedAt" | "expiresAt", PgColumn>) =>
  and(isNull(keys.revokedAt), gt(expiryOf(keys), sql`now()`))

/** A key that is neither revoked nor expired, by the database's clock. It may be disabled for now. */
export const isActive = activeIn(apiKeys)

const successor = alias(apiKeys, "successor")

/** A key that another one replaces, which is active. Looks each successor up by its id, whatever the statistics are. */
export const isReplaced = sql<boolean>`coalesce((${new QueryBuilder()
  .select({ isActive: sql`${activeIn(successor)}` })
  .from(successor)
  .where(eq(successor.id, apiKeys.replacedBy))}), false)`

/** One of some keys, or the key that `id` replaces. All are looked up by their ids, not among the keys of their owner. */
export const isOneOrReplacedBy = (ids: readonly string[], id: string) => {
  const replaced = new QueryBuilder()
    .select({ id: successor.replaces })
    .from(successor)
    .where(eq(successor.id, id))
  return sql`${apiKeys.id} = any(array[${sql.join(
    ids.map((one) => sql`${one}::uuid`),
    sql`, `,
  )}, (${replaced})])`
}
