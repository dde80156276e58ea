import { and, eq, isNull, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { onPrimary } from "../driver/onPrimary.ts"
import { query, write } from "../query.ts"
import { sessions, users } from "../schema.ts"
import { type ClientInfo, recordEvent } from "./auditEvents.ts"
import { type ActingCredential, withAuthority } from "./authority.ts"
import { isLive } from "./isValid.ts"
import { endOtherSessions, type NewSession, openSession } from "./sessions.ts"
import { type User, userColumns } from "./userColumns.ts"

/** The enabled user of an email (lower case), with the hash to check the password against. */
export const findUserByEmail = query(
  async (db, { email }: { email: string }): Promise<{ user: User; passwordHash: string } | null> => {
    const [row] = await db
      .select({ user: userColumns, passwordHash: users.passwordHash })
      .from(users)
      .where(and(onPrimary, eq(users.email, email), isNull(users.disabledAt)))
    return row ?? null
  },
)

/** The password hash of an enabled user with this live session. */
export const findPasswordHash = query(
  async (db, { userId, sessionId }: { userId: string; sessionId: string }): Promise<string | null> => {
    const [row] = await db
      .select({ passwordHash: users.passwordHash })
      .from(users)
      .innerJoin(sessions, and(eq(sessions.userId, users.id), eq(sessions.id, sessionId), isLive))
      .where(and(onPrimary, eq(users.id, userId), isNull(users.disabledAt)))
    return row?.passwordHash ?? null
  },
)

/** `adminIfFirst`: an administrator if there is no user yet. */
export type NewUserRole = "user" | "admin" | "adminIfFirst"

/**
 * Creates a user with a first session; null when the email is taken.
 *
 * @param params.id the new user's, for callers that need it before the user exists.
 */
export const createUser = write(
  async (
    db,
    params: {
      id?: string
      email: string
      passwordHash: string
      role?: NewUserRole
      session: NewSession
      client: ClientInfo
    },
  ): Promise<User | null> =>
    db.transaction(async (tx) => {
      const { id, email, passwordHash, role = "user", session, client } = params
      const [user] = await tx
        .insert(users)
        .values({ id, email, passwordHash, role: role === "adminIfFirst" ? await roleOfNext(tx) : role })
        .onConflictDoNothing({ target: users.email })
        .returning(userColumns)
      if (!user) return null
      await openSession(tx, { userId: user.id, kind: "registered", session, client })
      return user
    }),
)

/** Locks out concurrent registrations, since two users could otherwise both be the first. */
async function roleOfNext(tx: Database): Promise<User["role"]> {
  await tx.execute(sql`lock table ${users} in share row exclusive mode`)
  const [anyone] = await tx.select({ id: users.id }).from(users).limit(1)
  return anyone ? "user" : "admin"
}

/**
 * Stores a new hash of the same password, unless its hash has changed since it was checked.
 *
 * @returns whether it was replaced.
 */
export const replacePasswordHash = write(
  async (db, params: { userId: string; checkedHash: string; newHash: string }): Promise<boolean> => {
    const replaced = await db
      .update(users)
      .set({ passwordHash: params.newHash })
      .where(and(eq(users.id, params.userId), eq(users.passwordHash, params.checkedHash)))
      .returning({ id: users.id })
    return replaced.length === 1
  },
)

export type ChangePasswordResult = "changed" | "otherPassword" | "ended"

/**
 * Replaces a password and ends the user's other sessions, if the password is still the one that was checked
 * and the caller's session is still live.
 */
export const changePassword = write(
  async (
    db,
    params: { by: ActingCredential; checkedHash: string; newHash: string; client: ClientInfo },
  ): Promise<ChangePasswordResult> =>
    withAuthority(db, params.by, async (tx) => {
      const { by, client } = params
      const changed = await tx
        .update(users)
        .set({ passwordHash: params.newHash })
        .where(and(eq(users.id, by.userId), eq(users.passwordHash, params.checkedHash)))
        .returning({ id: users.id })
      if (changed.length === 0) return "otherPassword"
      await endOtherSessions(tx, { userId: by.userId, keptId: by.credentialId })
      await recordEvent(tx, { ...by, kind: "passwordChanged", client })
      return "changed"
    }),
)
