import { and, eq, inArray } from "drizzle-orm"
import type { Database } from "../database.ts"
import { apiKeys, sessions, users } from "../schema.ts"
import { isActive, isLive } from "./isValid.ts"

/** The user who requests a change, and the credential that authenticated the request. */
export interface ActingCredential {
  userId: string
  via: "session" | "apiKey"
  /** The session's or key's id. */
  credentialId: string
}

/** A session as the acting credential. */
export const sessionCredential = ({
  userId,
  sessionId,
}: {
  userId: string
  sessionId: string
}): ActingCredential => ({
  userId,
  via: "session",
  credentialId: sessionId,
})

/**
 * Runs a change on behalf of a caller, in a transaction that first checks that the caller may still act: the user is
 * enabled, and the credential has not ended, expired or been revoked. A concurrent change that would end one of them
 * either commits first, and the check sees it, or waits for this transaction.
 *
 * To prevent deadlocks, locks are taken in a fixed order (users by id, then sessions, then keys) and at full strength
 * from the start. As a user's row is locked first, changes by the same user are serialized. The locks are "no key
 * update", which don't block inserts of events that refer to the user.
 *
 * @returns `ended` if the caller may no longer act; nothing was changed.
 */
export async function withAuthority<Result>(
  db: Database,
  credential: ActingCredential,
  change: (tx: Database) => Promise<Result>,
): Promise<Result | "ended"> {
  return db.transaction(async (tx) => {
    const [user] = await lockUsers(tx, [credential.userId])
    return (await mayStillAct(tx, credential, user)) ? change(tx) : "ended"
  })
}

/** The administrator who makes a change, and their session. */
export interface ByAdmin {
  adminId: string
  sessionId: string
}

/**
 * Like `withAuthority`, for an administrator, who must also still be one.
 *
 * @param params.userId the affected user, who is locked as well; `change` receives the row.
 */
export async function withAdminAuthority<Result>(
  db: Database,
  { by, userId }: { by: ByAdmin; userId?: string },
  change: (tx: Database, user: LockedUser | undefined) => Promise<Result>,
): Promise<Result | "ended" | "notAdmin"> {
  return db.transaction(async (tx) => {
    const locked = await lockUsers(tx, userId === undefined ? [by.adminId] : [by.adminId, userId])
    const find = (id: string | undefined) => locked.find((user) => user.id === id)
    const admin = find(by.adminId)
    const credential = sessionCredential({ userId: by.adminId, sessionId: by.sessionId })
    if (!(await mayStillAct(tx, credential, admin))) return "ended"
    if (admin?.role !== "admin") return "notAdmin"
    return change(tx, find(userId))
  })
}

type LockedUser = Pick<typeof users.$inferSelect, "id" | "role" | "disabledAt">

const lockUsers = (tx: Database, ids: readonly string[]): Promise<LockedUser[]> =>
  tx
    .select({ id: users.id, role: users.role, disabledAt: users.disabledAt })
    .from(users)
    .where(inArray(users.id, [...ids]))
    .orderBy(users.id)
    .for("no key update")

async function mayStillAct(
  tx: Database,
  credential: ActingCredential,
  user: LockedUser | undefined,
): Promise<boolean> {
  if (!user || user.disabledAt) return false
  const { userId, credentialId: id } = credential
  const rows =
    credential.via === "session"
      ? await tx
          .select({ id: sessions.id })
          .from(sessions)
          .where(and(eq(sessions.id, id), eq(sessions.userId, userId), isLive))
          .for("no key update")
      : await tx
          .select({ id: apiKeys.id })
          .from(apiKeys)
          .where(and(eq(apiKeys.id, id), eq(apiKeys.userId, userId), isActive))
          .for("no key update")
  return rows.length === 1
}
