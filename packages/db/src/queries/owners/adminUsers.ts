import { and, asc, eq, exists, isNotNull, isNull, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { logged, query, takeAway } from "../../query.ts"
import { secondFactors } from "../../schema/accounts.ts"
import { apiKeys } from "../../schema/apiKeys.ts"
import { owners } from "../../schema/owners.ts"
import { endUnfinished } from "../accounts/accountTokens.ts"
import { isActive } from "../keys/isValid.ts"
import { isAfter, newestFirst, type Position } from "../position.ts"
import { prefixPattern } from "../prefixPattern.ts"
import { endAllSessions } from "../sessions/endSessions.ts"
import { byAdmin, recordEvent } from "../trail/auditEvents.ts"
import {
  type AffectedOwner,
  type ByAdmin,
  ensureOwner,
  mayHaveNoRow,
  withAdminAuthority,
} from "./authority.ts"
import { hasIssuer, ownerColumns, type StoredOwner } from "./ownerColumns.ts"

export interface ListedUser extends StoredOwner {
  disabledAt: Date | null
  activeKeys: number
  /** Whether a second factor is set up. */
  hasSecondFactor: boolean
}

export type UserStatus = "all" | "enabled" | "disabled"

const HAS_STATUS = {
  all: undefined,
  enabled: isNull(owners.disabledAt),
  disabled: isNotNull(owners.disabledAt),
}

/** By code point, the order of the index. */
const byName = sql`lower(coalesce(${owners.email}, ${owners.subject})) collate "C"`

/**
 * Lists the owners with a status, without erased ones, after the position `after`: newest first, or with a search by
 * name, which is the email of an own account and the subject of any other owner. Without a search, PostgreSQL reads
 * only the rows of the page. A search reads names in the order of their index until the page is full, because an
 * index for any part of a text would need an extension that not every database has.
 *
 * @param params.search a part of the name, ignoring case; empty for all owners.
 */
export const listUsers = query(
  async (
    db,
    {
      limit,
      after,
      status,
      search,
      issuers,
    }: {
      limit: number
      after: Position | null
      status: UserStatus
      search: string
      /** Only owners of these issuers; all owners if left out. */
      issuers?: readonly string[] | undefined
    },
  ): Promise<ListedUser[]> =>
    db
      .select({
        ...ownerColumns,
        disabledAt: owners.disabledAt,
        activeKeys: countActiveKeys(db),
        hasSecondFactor: hasSecondFactor(db),
      })
      .from(owners)
      .where(
        and(
          HAS_STATUS[status],
          isNull(owners.erasedAt),
          hasIssuer(issuers),
          search ? sql`${byName} like lower(${`%${prefixPattern(search)}`})` : undefined,
          search && after
            ? sql`(${byName}, ${owners.id}) > (${nameOf(after, issuers)}, ${after.id}::uuid)`
            : isAfter(owners, after),
        ),
      )
      .orderBy(...(search ? [byName, asc(owners.id)] : newestFirst(owners)))
      .limit(limit),
)

/** Anyone can make up a position. Where the list goes on from there must tell nothing about an owner whom it leaves out. */
const nameOf = ({ id }: Position, issuers: readonly string[] | undefined) => sql`(
  select lower(coalesce(last.email, last.subject)) from ${owners} last
  where ${and(sql`last.id = ${id}`, hasIssuer(issuers, sql`last.issuer`))})`

/** Evaluated only for the rows of the page, since PostgreSQL sorts and limits first. */
const countActiveKeys = (db: Database) =>
  sql<number>`(${db
    .select({ keys: sql`count(*)::int` })
    .from(apiKeys)
    .where(and(eq(apiKeys.ownerId, owners.id), isActive))})`

/** As `countActiveKeys`, evaluated only for the rows of the page. */
const hasSecondFactor = (db: Database) =>
  sql<boolean>`${exists(
    db
      .select({ userId: secondFactors.userId })
      .from(secondFactors)
      .where(and(eq(secondFactors.userId, owners.id), isNotNull(secondFactors.enabledAt))),
  )}`

/** A change by an administrator. */
export interface AdminAct<Affected> {
  /** The owner that the change affects. */
  affected: Affected
  by: ByAdmin
  client: ClientInfo
}

/**
 * `ended`: the administrator's credential has ended, or they have been disabled. `notAdmin`: they are no longer an
 * administrator.
 */
export type AdminResult = "done" | "notFound" | "ended" | "notAdmin"

/**
 * Disables an owner and ends all their sessions; a no-op for a disabled owner. An owner without an account of
 * Latchkey's own can be disabled before they are first seen.
 *
 * When two administrators disable each other concurrently, the second is refused. As administrators can't disable
 * themselves, one of them always stays enabled.
 *
 * @returns `notFound` for an id without a row.
 */
export const disableUser = takeAway(
  async (db, { affected, by, client }: AdminAct<AffectedOwner>): Promise<AdminResult> =>
    withAdminAuthority(db, { by, affected }, async (tx, owner) => {
      if (owner?.disabledAt) return "done"
      if (!owner) {
        if (!mayHaveNoRow(affected)) return "notFound"
        await ensureOwner(tx, affected)
      }
      const { id } = affected
      await tx.update(owners).set({ disabledAt: sql`now()` }).where(eq(owners.id, id))
      await endAllSessions(tx, id)
      await endUnfinished(tx, id)
      await recordEvent(tx, { ownerId: id, kind: "userDisabled", ...byAdmin(by), client })
      return "done"
    }),
)

/**
 * Enables an owner again; a no-op for an enabled owner. Ended sessions stay ended.
 *
 * @returns `notFound` for an id without a row, and for erased owners.
 */
export const enableUser = logged(
  async (db, { affected, by, client }: AdminAct<AffectedOwner>): Promise<AdminResult> =>
    withAdminAuthority(db, { by, affected }, async (tx, owner) => {
      // Without a row, nobody has disabled the owner.
      if (!owner) return mayHaveNoRow(affected) ? "done" : "notFound"
      if (owner.erasedAt) return "notFound"
      if (!owner.disabledAt) return "done"
      await tx.update(owners).set({ disabledAt: null }).where(eq(owners.id, owner.id))
      await recordEvent(tx, { ownerId: owner.id, kind: "userEnabled", ...byAdmin(by), client })
      return "done"
    }),
)
