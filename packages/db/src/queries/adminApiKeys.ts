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

/** Search criteria, of which one has to match. Each has its own index. */
export interface ApiKeySearch {
  /** A prefix of the label, case-insensitive. */
  label: string
  /** The owner's complete email, in lower case. */
  email?: string
  /** A prefix of the lookup id. */
  start?: string
  id?: string
}

/** In the order of the index, by code point. */
const byLabel = sql`lower(${apiKeys.label}) collate "C"`

/**
 * The keys of all users or of one, from the one after `after` on, the active ones or all: newest first, or with a
 * search by their labels, for a page of which PostgreSQL reads no more than the page, however many begin like that.
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
    // A range of full-length texts, which every collation orders by their digits.
    start === undefined
      ? undefined
      : sql`${apiKeys.lookupId} between ${start.padEnd(16, "0")} and ${start.padEnd(16, "f")}`,
    id === undefined ? undefined : eq(apiKeys.id, id),
  )

/** Revokes a key, whoever owns it, and wipes what could verify it. */
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
