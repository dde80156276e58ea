import { randomUUID } from "node:crypto"
import { and, eq, isNull, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import { query, takeAway, write } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { endUnfinished } from "../accounts/accountTokens.ts"
import { isLive } from "../keys/isValid.ts"
import { endOtherSessions } from "../sessions/endSessions.ts"
import { type NewSession, openSession } from "../sessions/openSession.ts"
import { byOwner, recordEvent } from "../trail/auditEvents.ts"
import { type SessionCredential, withAuthority } from "./authority.ts"
import { OWN_ISSUER, type User, userColumns } from "./ownerColumns.ts"

/** The enabled user of an email (lower case), with the hash to check the password against. */
export const findUserByEmail = query(
  async (db, { email }: { email: string }): Promise<{ user: User; passwordHash: string } | null> => {
    const [row] = await db
      .select({ user: userColumns, passwordHash: sql<string>`${owners.passwordHash}` })
      .from(owners)
      .where(and(onPrimary, eq(owners.email, email), isNull(owners.disabledAt)))
    return row ?? null
  },
)

/** The id of the account with an email (lower case), enabled or not. */
export const findAccountId = query(async (db, { email }: { email: string }): Promise<string | null> => {
  const [row] = await db
    .select({ id: owners.id })
    .from(owners)
    .where(and(onPrimary, eq(owners.email, email)))
  return row?.id ?? null
})

/** The password hash of an enabled user with this live session. */
export const findPasswordHash = query(
  async (db, { userId, sessionId }: { userId: string; sessionId: string }): Promise<string | null> => {
    const [row] = await db
      .select({ passwordHash: sql<string>`${owners.passwordHash}` })
      .from(owners)
      .innerJoin(sessions, and(eq(sessions.userId, owners.id), eq(sessions.id, sessionId), isLive))
      .where(and(onPrimary, eq(owners.id, userId), isNull(owners.disabledAt)))
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
      /** Whether `ADMIN_EMAILS` counts for the user only once the email is verified. */
      mustVerifyEmail?: boolean
      session: NewSession
      client: ClientInfo
    },
  ): Promise<User | null> =>
    db.transaction(async (tx) => {
      const {
        id = randomUUID(),
        email,
        passwordHash,
        role = "user",
        mustVerifyEmail = false,
        session,
        client,
      } = params
      const [user] = await tx
        .insert(owners)
        .values({
          id,
          issuer: OWN_ISSUER,
          subject: id,
          email,
          passwordHash,
          mustVerifyEmail,
          role: role === "adminIfFirst" ? await roleOfNext(tx) : role,
        })
        .onConflictDoNothing({ target: owners.email })
        .returning(userColumns)
      if (!user) return null
      await openSession(tx, { userId: user.id, kind: "registered", session, client })
      return user
    }),
)

/** Excludes concurrent registrations, because otherwise two users could both be the first. */
async function roleOfNext(tx: Database): Promise<User["role"]> {
  await tx.execute(sql`lock table ${owners} in share row exclusive mode`)
  const isAccount = eq(owners.issuer, OWN_ISSUER)
  const [anyone] = await tx.select({ id: owners.id }).from(owners).where(isAccount).limit(1)
  return anyone ? "user" : "admin"
}

/** A condition, true, by which the restore log has no change of a password. */
const isSamePassword = sql.raw("(select set_config('latchkey.same_password', 'on', true)) = 'on'")

/**
 * Stores a new hash of the same password, unless its hash has changed since it was checked.
 *
 * @returns whether it was replaced.
 */
export const replacePasswordHash = write(
  async (db, params: { userId: string; checkedHash: string; newHash: string }): Promise<boolean> => {
    const replaced = await db
      .update(owners)
      .set({ passwordHash: params.newHash })
      .where(and(eq(owners.id, params.userId), eq(owners.passwordHash, params.checkedHash), isSamePassword))
      .returning({ id: owners.id })
    return replaced.length === 1
  },
)

export type ChangePasswordResult = "changed" | "otherPassword" | "ended"

/**
 * Replaces a password and ends the user's other sessions, if the password is still the one that was checked
 * and the caller's session is still live.
 */
export const changePassword = takeAway(
  async (
    db,
    params: { by: SessionCredential; checkedHash: string; newHash: string; client: ClientInfo },
  ): Promise<ChangePasswordResult> =>
    withAuthority(db, params.by, async (tx) => {
      const { by, client } = params
      const changed = await tx
        .update(owners)
        .set({ passwordHash: params.newHash })
        .where(and(eq(owners.id, by.owner.id), eq(owners.passwordHash, params.checkedHash)))
        .returning({ id: owners.id })
      if (changed.length === 0) return "otherPassword"
      await endUnfinished(tx, by.owner.id)
      await endOtherSessions(tx, { userId: by.owner.id, keptId: by.credentialId })
      await recordEvent(tx, { ...byOwner(by), kind: "passwordChanged", client })
      return "changed"
    }),
)
