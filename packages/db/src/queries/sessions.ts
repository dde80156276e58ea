import { and, desc, eq, gt, inArray, isNull, ne, type SQL, sql } from "drizzle-orm"
import type { Database } from "../createDatabase.ts"
import { onPrimary } from "../driver/onPrimary.ts"
import { prepareOnce } from "../prepareOnce.ts"
import { query, write } from "../query.ts"
import { sessions, users } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { type Authority, bySession, type NewAuditEvent, recordEvent, type Source } from "./auditEvents.ts"
import { type User, userColumns } from "./userColumns.ts"

export interface NewSession {
  id: string
  familyHash: Uint8Array
  turnHash: Uint8Array
  /** Seconds until it ends for good, however often it is refreshed. */
  ttl: number
}

/** Neither ended nor expired, by the database's clock. */
export const isLive = and(isNull(sessions.endedAt), gt(sessions.expiresAt, sql`now()`))

/** Stores a new session, its end by the database's clock, and that it came of a password. */
export async function openSession(
  tx: Database,
  params: { userId: string; kind: "registered" | "loggedIn"; session: NewSession; source: Source },
): Promise<void> {
  const { userId, kind, source } = params
  const { ttl, ...session } = params.session
  await tx.insert(sessions).values({
    ...session,
    userId,
    device: source.device,
    expiresAt: sql`now() + make_interval(secs => ${ttl})`,
  })
  const subject = { id: session.id, label: source.device }
  await recordEvent(tx, { userId, kind, via: "password", credentialId: null, source, subject })
}

/**
 * How many live sessions a user can have. All of them end in one statement when the password changes or the user is
 * disabled; with enough of them neither would be done in time.
 */
export const MAX_LIVE_SESSIONS = 1_000

/**
 * Opens a session for a user whose password was just checked; of too many, those end that were not used for longest.
 * The user's row is locked against a change of password at the same moment: either the session comes first and the
 * change ends it, or it is refused.
 *
 * @returns whether the user is still enabled and has that password hash.
 */
export const createSession = write(
  async (
    db,
    params: { userId: string; checkedHash: string; session: NewSession; source: Source },
  ): Promise<boolean> =>
    db.transaction(async (tx) => {
      const { userId, checkedHash, session, source } = params
      const [user] = await tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.id, userId), eq(users.passwordHash, checkedHash), isNull(users.disabledAt)))
        .for("no key update")
      if (!user) return false
      await makeRoom(tx, userId)
      await openSession(tx, { userId, kind: "loggedIn", session, source })
      return true
    }),
)

/** Ends what is too many for another session to come; the lock on the user has sign-ins do so one after the other. */
async function makeRoom(tx: Database, userId: string): Promise<void> {
  const tooMany = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isLive))
    .orderBy(desc(sessions.refreshedAt), desc(sessions.id))
    .offset(MAX_LIVE_SESSIONS - 1)
  await tx.update(sessions).set({ endedAt: sql`now()` }).where(inArray(sessions.id, tooMany))
}

/** Signs out of a session of a user; harmless when it has ended. */
export const endSession = write(
  async (db, { id, userId, source }: { id: string; userId: string; source: Source }): Promise<void> => {
    const which = and(eq(sessions.id, id), eq(sessions.userId, userId))
    await endWhere(db, which, { ...bySession(id), kind: "loggedOut", source })
  },
)

/** Signs out of the session that a refresh token belongs to, by the part that all its tokens share. */
export const endSessionOfFamily = write(
  async (db, params: { id: string; familyHash: Uint8Array; source: Source }): Promise<void> => {
    const { id, familyHash, source } = params
    const which = and(eq(sessions.id, id), eq(sessions.familyHash, familyHash))
    await endWhere(db, which, { via: "refreshToken", credentialId: id, kind: "loggedOut", source })
  },
)

/**
 * Ends the one live session that fits, and records it.
 *
 * @returns false when none does.
 */
async function endWhere(
  db: Database,
  which: SQL | undefined,
  event: Omit<NewAuditEvent, "userId" | "subject" | "count">,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [ended] = await tx
      .update(sessions)
      .set({ endedAt: sql`now()` })
      .where(and(which, isLive))
      .returning({ id: sessions.id, label: sessions.device, userId: sessions.userId })
    if (!ended) return false
    const { userId, ...subject } = ended
    await recordEvent(tx, { ...event, userId, subject })
    return true
  })
}

export interface ListedSession {
  id: string
  device: string | null
  createdAt: Date
  refreshedAt: Date
}

/** A user's live sessions, the one used last first; the `limit` newest. */
export const listSessions = query(
  async (db, { userId, limit }: { userId: string; limit: number }): Promise<ListedSession[]> =>
    db
      .select({
        id: sessions.id,
        device: sessions.device,
        createdAt: sessions.createdAt,
        refreshedAt: sessions.refreshedAt,
      })
      .from(sessions)
      .where(and(eq(sessions.userId, userId), isLive))
      .orderBy(desc(sessions.refreshedAt), desc(sessions.id))
      .limit(limit),
)

/**
 * Ends one of a user's live sessions.
 *
 * @returns false when the user has no such session.
 */
export const revokeSession = write(
  async (
    db,
    params: { id: string; userId: string; authority: Authority; source: Source },
  ): Promise<boolean> => {
    const which = and(eq(sessions.id, params.id), eq(sessions.userId, params.userId))
    return endWhere(db, which, { ...params.authority, kind: "sessionRevoked", source: params.source })
  },
)

/** Ends all sessions of a user but one. */
export const revokeOtherSessions = write(
  async (db, { userId, keptId, source }: { userId: string; keptId: string; source: Source }): Promise<void> =>
    db.transaction(async (tx) => {
      const count = await endOtherSessions(tx, { userId, keptId })
      if (count === 0) return
      await recordEvent(tx, { userId, kind: "otherSessionsRevoked", ...bySession(keptId), source, count })
    }),
)

/** @returns how many live sessions the user had beside the one that is kept, and has no more. */
export async function endOtherSessions(
  tx: Database,
  { userId, keptId }: { userId: string; keptId: string },
): Promise<number> {
  const ended = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), ne(sessions.id, keptId), isLive))
    .returning({ id: sessions.id })
  return ended.length
}

export interface LiveSession {
  id: string
  user: User
}

const liveSessions = prepareOnce((db) =>
  db
    .select({ id: sessions.id, user: userColumns })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(onPrimary, anyOf(sessions.id, sql.placeholder("ids")), isLive, isNull(users.disabledAt)))
    .prepare("live_sessions"),
)

/** Those of the sessions that are live at this moment and whose user is enabled, in no order. */
export const findLiveSessions = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<LiveSession[]> =>
    liveSessions(db).execute({ ids: joinIds(ids) }),
)
