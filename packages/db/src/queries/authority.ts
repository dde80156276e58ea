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
 * Runs a change on behalf of a caller in a transaction that first makes sure that the caller may still act: the
 * user is enabled, and the credential has neither ended, been revoked nor expired. Whatever ends one of them waits
 * until the change is done, or has happened before and is seen here.
 *
 * Locks are taken in one order, users by their ids, then sessions, then keys, and at full strength from the start:
 * as a user's row is locked first, changes by the same user take turns. So no two of them can wait for each other.
 * They are "no key update", which events that refer to a user don't wait for.
 *
 * @returns `ended` when the caller may not, and nothing was done.
 */
export async function withAuthority<Result>(
  db: Database,
  credential: ActingCredential,
  change: (tx: Database) => Promise<Result>,
): Promise<Result | "ended"> {
  return db.transaction(async (tx) => {
    const [user] = await lockUsers(tx, [credential.userId])
    return (await isStanding(tx, credential, user)) ? change(tx) : "ended"
  })
}

/** The administrator who makes a change, and their session. */
export interface ByAdmin {
  adminId: string
  sessionId: string
}

/**
 * The same for an administrator, who must also still be one.
 *
 * @param params.userId a user whom the change is about, and who is locked as well; `change` gets the row.
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
    if (!(await isStanding(tx, credential, admin))) return "ended"
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

async function isStanding(
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
