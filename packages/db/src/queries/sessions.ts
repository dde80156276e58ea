import { and, desc, eq, gt, isNull, ne, sql } from "drizzle-orm"
import { prepareOnce } from "../prepareOnce.ts"
import { query } from "../query.ts"
import { sessions, users } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { type User, userColumns } from "./userColumns.ts"

export interface NewSession {
  id: string
  familyHash: Uint8Array
  turnHash: Uint8Array
  /** Seconds until it ends for good, however often it is refreshed. */
  ttl: number
  /** What signed in, if it said so. */
  device?: string | null
}

/** The columns of a new session, its end by the database's clock. */
export const sessionValues = ({ id, familyHash, turnHash, ttl, device = null }: NewSession) => ({
  id,
  familyHash,
  turnHash,
  device,
  expiresAt: sql`now() + make_interval(secs => ${ttl})`,
})

/** Neither ended nor expired, by the database's clock. */
export const isLive = and(isNull(sessions.endedAt), gt(sessions.expiresAt, sql`now()`))

/**
 * Opens a session for a user whose password was just checked. The user's row is locked against a change of
 * password at the same moment: either the session comes first and the change ends it, or it is refused.
 *
 * @returns whether the user is still enabled and has that password hash.
 */
export const createSession = query(
  async (
    db,
    { userId, checkedHash, session }: { userId: string; checkedHash: string; session: NewSession },
  ): Promise<boolean> =>
    db.transaction(async (tx) => {
      const [user] = await tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.id, userId), eq(users.passwordHash, checkedHash), isNull(users.disabledAt)))
        .for("share")
      if (!user) return false
      await tx.insert(sessions).values({ userId, ...sessionValues(session) })
      return true
    }),
)

/**
 * One turn of a session's refresh token, in one statement: the newest token is replaced by the next; any older
 * one of the family ends the session. Of two equal tokens at the same moment the second finds the first's
 * update and counts as old.
 *
 * @param params.leeway seconds, above 0 for who may send a token twice: so long after a turn there is no other, and
 * the token that was replaced counts as well as the newest. A request that comes late, after others that were sent
 * after it, then finds at most one turn between.
 * @returns null when the token does not count, whatever the reason. Otherwise the user, and whether the newest token
 * is now the next one or still the presented.
 */
export const rotateSession = query(
  async (
    db,
    params: {
      id: string
      familyHash: Uint8Array
      turnHash: Uint8Array
      nextTurnHash: Uint8Array
      leeway?: number
    },
  ): Promise<{ user: User; newest: "next" | "presented" } | null> => {
    const { turnHash, nextTurnHash, leeway = 0 } = params
    const hasJustTurned =
      leeway > 0 ? gt(sessions.refreshedAt, sql`now() - make_interval(secs => ${leeway})`) : sql`false`
    const isNewest = eq(sessions.turnHash, turnHash)
    const turns = sql`${isNewest} and not (${hasJustTurned})`
    const isRepeated = sql`${eq(sessions.turnHash, nextTurnHash)} and ${hasJustTurned}`
    const [row] = await db
      .update(sessions)
      .set({
        turnHash: sql`case when ${turns} then ${nextTurnHash} else ${sessions.turnHash} end`,
        refreshedAt: sql`case when ${turns} then now() else ${sessions.refreshedAt} end`,
        endedAt: sql`case when ${isNewest} or (${isRepeated}) then null else now() end`,
      })
      .from(users)
      .where(
        and(
          eq(sessions.id, params.id),
          eq(sessions.familyHash, params.familyHash),
          isLive,
          eq(users.id, sessions.userId),
          isNull(users.disabledAt),
        ),
      )
      .returning({ user: userColumns, turnHash: sessions.turnHash, endedAt: sessions.endedAt })
    if (!row || row.endedAt !== null) return null
    return { user: row.user, newest: Buffer.compare(row.turnHash, turnHash) === 0 ? "presented" : "next" }
  },
)

/** Ends a session of a user; harmless when it has ended. */
export const endSession = query(async (db, { id, userId }: { id: string; userId: string }): Promise<void> => {
  await db
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.id, id), eq(sessions.userId, userId), isNull(sessions.endedAt)))
})

/** Ends the session that a refresh token belongs to, by the part that all its tokens share. */
export const endSessionOfFamily = query(
  async (db, { id, familyHash }: { id: string; familyHash: Uint8Array }): Promise<void> => {
    await db
      .update(sessions)
      .set({ endedAt: sql`now()` })
      .where(and(eq(sessions.id, id), eq(sessions.familyHash, familyHash), isNull(sessions.endedAt)))
  },
)

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
export const revokeSession = query(
  async (db, { id, userId }: { id: string; userId: string }): Promise<boolean> => {
    const ended = await db
      .update(sessions)
      .set({ endedAt: sql`now()` })
      .where(and(eq(sessions.id, id), eq(sessions.userId, userId), isLive))
      .returning({ id: sessions.id })
    return ended.length === 1
  },
)

/** Ends all sessions of a user but one. */
export const revokeOtherSessions = query(
  async (db, { userId, keptId }: { userId: string; keptId: string }): Promise<void> => {
    await db
      .update(sessions)
      .set({ endedAt: sql`now()` })
      .where(and(eq(sessions.userId, userId), ne(sessions.id, keptId), isNull(sessions.endedAt)))
  },
)

export interface LiveSession {
  id: string
  user: User
}

const liveSessions = prepareOnce((db) =>
  db
    .select({ id: sessions.id, user: userColumns })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(anyOf(sessions.id, sql.placeholder("ids")), isLive, isNull(users.disabledAt)))
    .prepare("live_sessions"),
)

/** Those of the sessions that are live at this moment and whose user is enabled, in no order. */
export const findLiveSessions = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<LiveSession[]> =>
    liveSessions(db).execute({ ids: joinIds(ids) }),
)
