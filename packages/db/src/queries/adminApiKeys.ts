import { and, asc, eq, isNull, or, sql } from "drizzle-orm"
import { query, write } from "../query.ts"
import { apiKeys, users } from "../schema.ts"
import { type AdminAct, type AdminResult, byAdmin } from "./adminUsers.ts"
import { type ListedApiKey, listedApiKeyColumns, revocation } from "./apiKeys.ts"
import { recordEvent } from "./auditEvents.ts"
import { withAdminAuthority } from "./authority.ts"
import { isActive } from "./isValid.ts"
import { isAfter, newestFirst, type Position } from "./position.ts"
import { prefixPattern } from "./prefixPattern.ts"

export interface OwnedApiKey extends ListedApiKey {
  owner: { id: string; email: string; disabledAt: Date | null }
}

/** Search criteria. A key has to match one of them. Each uses its own index. */
export interface ApiKeySearch {
  /** A prefix of the label, case-insensitive. */
  label: string
  /** The owner's complete email, in lower case. */
  email?: string
  /** A prefix of the lookup id. */
  start?: string
  id?: string
}

/** By code point, the order of the index. */
const byLabel = sql`lower(${apiKeys.label}) collate "C"`

/**
 * Lists the keys of all users or of one, active ones or all, after the position `after`: newest first, or with a
 * search by label. PostgreSQL reads only the rows of the page, however many match the search.
 */
export const listEveryonesApiKeys = query(
  async (
    db,
    {
      limit,
      after,
      status,
      userId,
      search,
    }: {
      limit: number
      after: Position | null
      status: "active" | "all"
      userId: string | null
      search: ApiKeySearch | null
    },
  ): Promise<OwnedApiKey[]> =>
    db
      .select({
        ...listedApiKeyColumns,
        owner: { id: users.id, email: users.email, disabledAt: users.disabledAt },
      })
      .from(apiKeys)
      .innerJoin(users, eq(users.id, apiKeys.userId))
      .where(
        and(
          status === "all" ? undefined : isActive,
          userId === null ? undefined : eq(apiKeys.userId, userId),
          search ? matches(search) : undefined,
          search && after
            ? sql`(${byLabel}, ${apiKeys.id}) > ((select lower(last.label) from ${apiKeys} last where last.id = ${after.id}), ${after.id}::uuid)`
            : isAfter(apiKeys, after),
        ),
      )
      .orderBy(...(search ? [byLabel, asc(apiKeys.id)] : newestFirst(apiKeys)))
      .limit(limit),
)

const matches = ({ label, email, start, id }: ApiKeySearch) =>
  or(
    sql`${byLabel} like lower(${prefixPattern(label)})`,
    email === undefined
      ? undefined
      : sql`${apiKeys.userId} = (select owner.id from ${users} owner where owner.email = ${email})`,
    // A range of full-length ids, since every collation orders those by their digits.
    start === undefined
      ? undefined
      : sql`${apiKeys.lookupId} between ${start.padEnd(16, "0")} and ${start.padEnd(16, "f")}`,
    id === undefined ? undefined : eq(apiKeys.id, id),
  )

/** Revokes any user's key, and wipes its hash and receipt. */
export const revokeAnyonesApiKey = write(
  async (db, { id, by, client }: AdminAct): Promise<AdminResult> =>
    withAdminAuthority(db, { by }, async (tx) => {
      const [revoked] = await tx
        .update(apiKeys)
        .set(revocation)
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id, label: apiKeys.label, userId: apiKeys.userId })
      if (!revoked) return "notFound"
      const { userId, ...subject } = revoked
      await recordEvent(tx, { userId, kind: "apiKeyRevoked", ...byAdmin(by), client, subject })
      return "done"
    }),
)
