import { and, asc, eq, inArray, isNotNull, isNull, or, sql } from "drizzle-orm"
import { query, takeAway } from "../../query.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { owners } from "../../schema/owners.ts"
import type { AdminAct, AdminResult } from "../owners/adminUsers.ts"
import { withAdminAuthority } from "../owners/authority.ts"
import { hasIssuer, type StoredOwner } from "../owners/ownerColumns.ts"
import { isAfter, newestFirst, type Position } from "../position.ts"
import { prefixPattern } from "../prefixPattern.ts"
import { byAdmin, recordEvent } from "../trail/auditEvents.ts"
import { type ListedApiKey, listedApiKeyColumns, revocation } from "./apiKeys.ts"
import { isActive } from "./isValid.ts"
import { writeLock } from "./revokeLeakedApiKey.ts"

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
  /** The beginning of an imported key, exactly as it is written: a part of its start, or more than that. */
  imported?: string
  /** The key's or the owner's. */
  id?: string
}

/**
 * The maximum number of imported keys with the same beginning that a search finds. Nobody needs to look at more of
 * them.
 */
const MAX_OF_IMPORTED_START = 100

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
 * Lists the keys of all users or of one, without erased ones, active keys or all, after the position `after`: newest first, or with a
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
      imported = false,
      issuers,
    }: {
      limit: number
      after: Position | null
      status: "active" | "all"
      userId: string | null
      search: ApiKeySearch | null
      /** Only keys that were imported. */
      imported?: boolean
      /** Only owners of these issuers; all owners if left out. */
      issuers?: readonly string[] | undefined
    },
  ): Promise<OwnedApiKey[]> =>
    db
      .select(ownedApiKeyColumns)
      .from(apiKeys)
      .innerJoin(owners, eq(owners.id, apiKeys.ownerId))
      .where(
        and(
          status === "all" ? undefined : isActive,
          isNull(owners.erasedAt),
          userId === null ? undefined : eq(apiKeys.ownerId, userId),
          hasIssuer(issuers),
          search ? matches(search) : undefined,
          imported ? isNotNull(apiKeys.importedStart) : undefined,
          search && after
            ? sql`(${byLabel}, ${apiKeys.id}) > (${labelOf(after, issuers)}, ${after.id}::uuid)`
            : isAfter(apiKeys, after),
        ),
      )
      .orderBy(...(search ? [byLabel, asc(apiKeys.id)] : newestFirst(apiKeys)))
      .limit(limit),
)

/** Anyone can make up a position. Where the list goes on from there must tell nothing about a key that it leaves out. */
const labelOf = ({ id }: Position, issuers: readonly string[] | undefined) => sql`(
  select lower(last.label) from ${apiKeys} last inner join ${owners} owner on owner.id = last.owner_id
  where ${and(sql`last.id = ${id}`, hasIssuer(issuers, sql`owner.issuer`))})`

const matches = ({ label, email, start, imported, id }: ApiKeySearch) =>
  or(
    sql`${byLabel} like lower(${prefixPattern(label)})`,
    email === undefined
      ? undefined
      : sql`${apiKeys.ownerId} = (select owner.id from ${owners} owner where owner.email = ${email})`,
    // A range of full-length ids, because every collation orders these by their digits.
    start === undefined
      ? undefined
      : sql`${apiKeys.lookupId} between ${start.padEnd(16, "0")} and ${start.padEnd(16, "f")}`,
    imported === undefined ? undefined : sql`${apiKeys.id} = any(array(${findImported(imported)}))`,
    id === undefined ? undefined : or(eq(apiKeys.id, id), eq(apiKeys.ownerId, id)),
  )

/** Few are found, so that the cost does not depend on how many there are. */
const findImported = (beginning: string) => sql`
  select key.id from ${apiKeys} key
  where key.imported_start is not null and (
    key.imported_start collate "C" like ${prefixPattern(beginning)}
    or key.hash_kind = 'bcrypt' and key.imported_start collate "C" = any(${prefixesOf(beginning)}))
  order by key.imported_start collate "C", key.imported_length
  limit ${MAX_OF_IMPORTED_START}`

/** Visible ASCII characters, without a line break. */
const prefixesOf = (text: string) => {
  const prefixes = Array.from(text, (_, index) => text.slice(0, index + 1))
  return sql`string_to_array(${prefixes.join("\n")}, E'\\n')`
}

/** Revokes any user's key, and wipes its hash and receipt. */
export const revokeAnyonesApiKey = takeAway(
  async (db, { affected: id, by, client }: AdminAct<string>): Promise<AdminResult> =>
    withAdminAuthority(db, { by }, async (tx) => {
      const administered = tx.select({ id: owners.id }).from(owners).where(hasIssuer(by.issuers))
      const [revoked] = await tx
        .update(apiKeys)
        .set(revocation)
        .where(
          and(
            eq(apiKeys.id, id),
            isNull(apiKeys.revokedAt),
            by.issuers && inArray(apiKeys.ownerId, administered),
          ),
        )
        .returning({ id: apiKeys.id, label: apiKeys.label, ownerId: apiKeys.ownerId })
      if (!revoked) {
        // An administrator by configuration has no row that could be locked.
        await writeLock(tx, eq(apiKeys.id, id))
        return "notFound"
      }
      const { ownerId, ...subject } = revoked
      await recordEvent(tx, { ownerId, kind: "apiKeyRevoked", ...byAdmin(by), client, subject })
      return "done"
    }),
)
