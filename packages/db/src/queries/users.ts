import { and, eq, isNull, sql } from "drizzle-orm"
import type { Database } from "../createDatabase.ts"
import { onPrimary } from "../driver/onPrimary.ts"
import { query, write } from "../query.ts"
import { sessions, users } from "../schema.ts"
import { bySession, recordEvent, type Source } from "./auditEvents.ts"
import { endOtherSessions, isLive, type NewSession, openSession } from "./sessions.ts"
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

export const findPasswordHash = query(async (db, { userId }: { userId: string }): Promise<string | null> => {
  const [row] = await db
    .select({ passwordHash: users.passwordHash })
    .from(users)
    .where(and(onPrimary, eq(users.id, userId), isNull(users.disabledAt)))
  return row?.passwordHash ?? null
})

/** `adminIfFirst`: an administrator if there is no user yet. */
export type NewUserRole = "user" | "admin" | "adminIfFirst"

/** Creates a user with a first session; null when the email is taken. */
export const createUser = write(
  async (
    db,
    params: {
      email: string
      passwordHash: string
      role?: NewUserRole
      session: NewSession
      source: Source
    },
  ): Promise<User | null> =>
    db.transaction(async (tx) => {
      const { email, passwordHash, role = "user", session, source } = params
      const [user] = await tx
        .insert(users)
        .values({ email, passwordHash, role: role === "adminIfFirst" ? await roleOfNext(tx) : role })
        .onConflictDoNothing({ target: users.email })
        .returning(userColumns)
      if (!user) return null
      await openSession(tx, { userId: user.id, kind: "registered", session, source })
      return user
    }),
)

/** Nobody else registers until the transaction has ended, or two could be the first. */
async function roleOfNext(tx: Database): Promise<User["role"]> {
  await tx.execute(sql`lock table ${users} in share row exclusive mode`)
  const [anyone] = await tx.select({ id: users.id }).from(users).limit(1)
  return anyone ? "user" : "admin"
}

/**
 * Replaces the hash of a password that stays the same, if it is still the one that was checked.
 *
 * @returns whether it did.
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

export type ChangePasswordResult = "changed" | "otherPassword" | "sessionEnded"

/**
 * Replaces a password and ends the user's other sessions, if the password is still the one that was checked
 * and the session that asks is still live.
 */
export const changePassword = write(
  async (
    db,
    params: { userId: string; sessionId: string; checkedHash: string; newHash: string; source: Source },
  ): Promise<ChangePasswordResult> =>
    db.transaction(async (tx) => {
      const { userId, sessionId, source } = params
      // Not "for update", which would wait for whoever ends a session and records it, who waits for this.
      const [user] = await tx
        .select({ passwordHash: users.passwordHash })
        .from(users)
        .where(and(eq(users.id, userId), isNull(users.disabledAt)))
        .for("no key update")
      const [session] = await tx
        .select({ id: sessions.id })
        .from(sessions)
        .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), isLive))
        .for("share")
      if (!user || !session) return "sessionEnded"
      if (user.passwordHash !== params.checkedHash) return "otherPassword"

      await tx.update(users).set({ passwordHash: params.newHash }).where(eq(users.id, userId))
      await endOtherSessions(tx, { userId, keptId: sessionId })
      await recordEvent(tx, { userId, kind: "passwordChanged", ...bySession(sessionId), source })
      return "changed"
    }),
)
