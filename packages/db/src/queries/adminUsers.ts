import { and, eq, isNotNull, isNull, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { query, write } from "../query.ts"
import { apiKeys, sessions, users } from "../schema.ts"
import { type Authority, bySession, type ClientInfo, recordEvent } from "./auditEvents.ts"
import { type ByAdmin, withAdminAuthority } from "./authority.ts"
import { isActive } from "./isValid.ts"
import { isAfter, newestFirst, type Position } from "./position.ts"
import { prefixPattern } from "./prefixPattern.ts"
import { type User, userColumns } from "./userColumns.ts"

export interface ListedUser extends User {
  disabledAt: Date | null
  activeKeys: number
}

export type UserStatus = "all" | "enabled" | "disabled"

const HAS_STATUS = {
  all: undefined,
  enabled: isNull(users.disabledAt),
  disabled: isNotNull(users.disabledAt),
}

/** By code point, the order of the index. */
const byEmail = sql`${users.email} collate "C"`

/**
 * Lists the users with a status, after the position `after`: newest first, or with a search by email. PostgreSQL
 * reads only the rows of the page, however many match the search.
 *
 * @param params.search a prefix of the email, in lower case; empty for all users.
 */
export const listUsers = query(
  async (
    db,
    {
      limit,
      after,
      status,
      search,
    }: { limit: number; after: Position | null; status: UserStatus; search: string },
  ): Promise<ListedUser[]> =>
    db
      .select({ ...userColumns, disabledAt: users.disabledAt, activeKeys: countActiveKeys(db) })
      .from(users)
      .where(
        and(
          HAS_STATUS[status],
          search ? sql`${byEmail} like ${prefixPattern(search)}` : undefined,
          search && after
            ? sql`${byEmail} > (select last.email from ${users} last where last.id = ${after.id})`
            : isAfter(users, after),
        ),
      )
      .orderBy(...(search ? [byEmail] : newestFirst(users)))
      .limit(limit),
)

/** Evaluated only for the rows of the page, since PostgreSQL sorts and limits first. */
const countActiveKeys = (db: Database) =>
  sql<number>`(${db
    .select({ keys: sql`count(*)::int` })
    .from(apiKeys)
    .where(and(eq(apiKeys.userId, users.id), isActive))})`

/** How the affected user's audit trail records an administrator. */
export const byAdmin = ({ adminId, sessionId }: ByAdmin): Authority => ({
  ...bySession(sessionId),
  actorId: adminId,
})

export interface AdminAct {
  id: string
  by: ByAdmin
  client: ClientInfo
}

/**
 * `ended`: the administrator's session has ended, or they have been disabled. `notAdmin`: they are no longer an
 * administrator.
 */
export type AdminResult = "done" | "notFound" | "ended" | "notAdmin"

/**
 * Disables a user and ends all their sessions; a no-op for a disabled user.
 *
 * When two administrators disable each other concurrently, the second is refused. As administrators can't disable
 * themselves, one of them always stays enabled.
 */
export const disableUser = write(
  async (db, { id, by, client }: AdminAct): Promise<AdminResult> =>
    withAdminAuthority(db, { by, userId: id }, async (tx, user) => {
      if (!user) return "notFound"
      if (user.disabledAt) return "done"
      await tx.update(users).set({ disabledAt: sql`now()` }).where(eq(users.id, id))
      await tx
        .update(sessions)
        .set({ endedAt: sql`now()` })
        .where(and(eq(sessions.userId, id), isNull(sessions.endedAt)))
      await recordEvent(tx, { userId: id, kind: "userDisabled", ...byAdmin(by), client })
      return "done"
    }),
)

/** Enables a user again; a no-op for an enabled user. Ended sessions stay ended. */
export const enableUser = write(
  async (db, { id, by, client }: AdminAct): Promise<AdminResult> =>
    withAdminAuthority(db, { by, userId: id }, async (tx, user) => {
      if (!user) return "notFound"
      if (!user.disabledAt) return "done"
      await tx.update(users).set({ disabledAt: null }).where(eq(users.id, id))
      await recordEvent(tx, { userId: id, kind: "userEnabled", ...byAdmin(by), client })
      return "done"
    }),
)
