import { and, asc, eq, inArray, isNull, ne, or, sql } from "drizzle-orm"
import { query, write } from "../query.ts"
import { apiKeys, owners } from "../schema.ts"
import type { AdminAct, AdminResult } from "./adminUsers.ts"
import { type ListedApiKey, listedApiKeyColumns, revocation } from "./apiKeys.ts"
import { byAdmin, recordEvent } from "./auditEvents.ts"
import { withAdminAuthority } from "./authority.ts"
import { isActive } from "./isValid.ts"
import { OWN_ISSUER, type StoredOwner } from "./ownerColumns.ts"
import { isAfter, newestFirst, type Position } from "./position.ts"
import { prefixPattern } from "./prefixPattern.ts"

export interface OwnedApiKey extends ListedApiKey {
  owner: Pick<StoredOwner, "id" | "issuer" | "subject" | "email"> & { disabledAt: Date | null }
}

/** Search criteria. A key has to match one of them. Each uses its own index. */
export interface ApiKeySearch {
  /** A prefix of the label, case-insensitive. */
  label: string
  /** The owner's complete email, in lower case. */
  email?: string
  /** A prefix of the lookup id. */
  start?: string
  /** The key's or the owner's. */
  id?: string
}

/** A key with its owner, from both tables. */
export const ownedApiKeyColumns = {
  ...listedApiKeyColumns,
  owner: {
    id: owners.id,
    issuer: owners.issuer,
    subject: owners.subject,
    email: owners.email,
    disabledAt: owners.disabledAt,
  },
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
      exceptOwnAccounts = false,
    }: {
      limit: number
      after: Position | null
      status: "active" | "all"
      userId: string | null
      search: ApiKeySearch | null
      exceptOwnAccounts?: boolean
    },
  ): Promise<OwnedApiKey[]> =>
    db
      .select(ownedApiKeyColumns)
      .from(apiKeys)
      .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
      .where(
        and(
          status === "all" ? undefined : isActive,
          userId === null ? undefined : eq(apiKeys.ownerId, userId),
          exceptOwnAccounts ? ne(owners.issuer, OWN_ISSUER) : undefined,
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
      : sql`${apiKeys.ownerId} = (select owner.id from ${owners} owner where owner.email = ${email})`,
    // A range of full-length ids, since every collation orders those by their digits.
    start === undefined
      ? undefined
      : sql`${apiKeys.lookupId} between ${start.padEnd(16, "0")} and ${start.padEnd(16, "f")}`,
    id === undefined ? undefined : or(eq(apiKeys.id, id), eq(apiKeys.ownerId, id)),
  )

/** Revokes any user's key, and wipes its hash and receipt. */
export const revokeAnyonesApiKey = write(
  async (db, { affected: id, by, client }: AdminAct<string>): Promise<AdminResult> =>
    withAdminAuthority(db, { by }, async (tx) => {
      const others = tx.select({ id: owners.id }).from(owners).where(ne(owners.issuer, OWN_ISSUER))
      const [revoked] = await tx
        .update(apiKeys)
        .set(revocation)
        .where(
          and(
            eq(apiKeys.id, id),
            isNull(apiKeys.revokedAt),
            by.exceptOwnAccounts ? inArray(apiKeys.ownerId, others) : undefined,
          ),
        )
        .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
      if (!revoked) return "notFound"
      const { ownerId, ...subject } = revoked
      await recordEvent(tx, { ownerId, kind: "apiKeyRevoked", ...byAdmin(by), client, subject })
      return "done"
    }),
)
