import { and, desc, eq, inArray, isNull, ne, type SQL, sql } from "drizzle-orm"
import type { Database } from "../database.ts"
import { onPrimary } from "../driver/onPrimary.ts"
import { prepareOnce } from "../prepareOnce.ts"
import { query, write } from "../query.ts"
import { sessions, users } from "../schema.ts"
import { anyOf, joinIds } from "./anyOf.ts"
import { type ClientInfo, type NewAuditEvent, recordEvent } from "./auditEvents.ts"
import { type ActingCredential, withAuthority } from "./authority.ts"
import { isLive } from "./isValid.ts"
import { type User, userColumns } from "./userColumns.ts"

export interface NewSession {
  id: string
  familyHash: Uint8Array
  turnHash: Uint8Array
  /** Seconds until it ends, regardless of refreshes. */
  ttl: number
}

/** Stores a session that was opened with a password, and records it. Its expiry follows the database's clock. */
export async function openSession(
  tx: Database,
  params: { userId: string; kind: "registered" | "loggedIn"; session: NewSession; client: ClientInfo },
): Promise<void> {
  const { userId, kind, client } = params
  const { ttl, ...session } = params.session
  await tx.insert(sessions).values({
    ...session,
    userId,
    device: client.device,
    expiresAt: sql`now() + make_interval(secs => ${ttl})`,
  })
  const subject = { id: session.id, label: client.device }
  await recordEvent(tx, { userId, kind, via: "password", credentialId: null, client, subject })
}

/**
 * The maximum number of live sessions per user. A password change or disabling the user ends all of them in one
 * statement, which would time out with too many.
 */
export const MAX_LIVE_SESSIONS = 1_000

/**
 * Opens a session for a user whose password was just checked. At the maximum, the least recently used sessions end.
 * The user's row is locked against a concurrent password change: if the session comes first, the change ends it;
 * otherwise it is refused.
 *
 * @returns whether the user is still enabled and has that password hash.
 */
export const createSession = write(
  async (
    db,
    params: { userId: string; checkedHash: string; session: NewSession; client: ClientInfo },
  ): Promise<boolean> =>
    db.transaction(async (tx) => {
      const { userId, checkedHash, session, client } = params
      const [user] = await tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.id, userId), eq(users.passwordHash, checkedHash), isNull(users.disabledAt)))
        .for("no key update")
      if (!user) return false
      await makeRoom(tx, { userId, client })
      await openSession(tx, { userId, kind: "loggedIn", session, client })
      return true
    }),
)

/**
 * Ends the least recently used sessions until there is room for another, and records how many. The lock on the user's
 * row serializes concurrent sign-ins.
 */
async function makeRoom(
  tx: Database,
  { userId, client }: { userId: string; client: ClientInfo },
): Promise<void> {
  const tooMany = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isLive))
    .orderBy(desc(sessions.refreshedAt), desc(sessions.id))
    .offset(MAX_LIVE_SESSIONS - 1)
  const ended = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(inArray(sessions.id, tooMany))
    .returning({ id: sessions.id })
  if (ended.length === 0) return
  await recordEvent(tx, {
    userId,
    kind: "oldestSessionsEnded",
    via: "password",
    credentialId: null,
    client,
    count: ended.length,
  })
}

export interface LiveFamily extends LiveSession {
  /** SHA-256 of the part that all refresh tokens of the session share. */
  familyHash: Uint8Array
}

/**
 * Returns the sessions that are live and whose user is enabled, with the family hash that tells which refresh tokens
 * are theirs, in no particular order.
 */
export const findLiveFamilies = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<LiveFamily[]> =>
    db
      .select({ id: sessions.id, familyHash: sessions.familyHash, user: userColumns })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(onPrimary, anyOf(sessions.id, joinIds(ids)), isLive, isNull(users.disabledAt))),
)

/** Ends the caller's session. */
export const endSession = write(
  async (db, { by, client }: { by: ActingCredential; client: ClientInfo }): Promise<"done" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      await endWhere(tx, eq(sessions.id, by.credentialId), { ...by, kind: "loggedOut", client })
      return "done" as const
    }),
)

/** Ends the session that a refresh token belongs to, found by the part that all its tokens share. */
export const endSessionOfFamily = write(
  async (db, params: { id: string; familyHash: Uint8Array; client: ClientInfo }): Promise<void> => {
    const { id, familyHash, client } = params
    const condition = and(eq(sessions.id, id), eq(sessions.familyHash, familyHash))
    const event = { via: "refreshToken", credentialId: id, kind: "loggedOut", client } as const
    await db.transaction((tx) => endWhere(tx, condition, event))
  },
)

/**
 * Ends the one live session that matches, and records it.
 *
 * @returns false if none matches.
 */
async function endWhere(
  tx: Database,
  condition: SQL | undefined,
  event: Omit<NewAuditEvent, "userId" | "subject" | "count">,
): Promise<boolean> {
  const [ended] = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(condition, isLive))
    .returning({ id: sessions.id, label: sessions.device, userId: sessions.userId })
  if (!ended) return false
  const { userId, ...subject } = ended
  await recordEvent(tx, { ...event, userId, subject })
  return true
}

const listedSessionColumns = {
  id: sessions.id,
  device: sessions.device,
  createdAt: sessions.createdAt,
  refreshedAt: sessions.refreshedAt,
}

export type ListedSession = Pick<typeof sessions.$inferSelect, keyof typeof listedSessionColumns>

/** A user's live sessions, most recently used first, at most `limit`. */
export const listSessions = query(
  async (db, { userId, limit }: { userId: string; limit: number }): Promise<ListedSession[]> =>
    db
      .select(listedSessionColumns)
      .from(sessions)
      .where(and(eq(sessions.userId, userId), isLive))
      .orderBy(desc(sessions.refreshedAt), desc(sessions.id))
      .limit(limit),
)

/**
 * Ends one of the caller's live sessions.
 *
 * @returns `notFound` if the caller has no such session.
 */
export const revokeSession = write(
  async (
    db,
    { id, by, client }: { id: string; by: ActingCredential; client: ClientInfo },
  ): Promise<"done" | "notFound" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      const condition = and(eq(sessions.id, id), eq(sessions.userId, by.userId))
      const ended = await endWhere(tx, condition, { ...by, kind: "sessionRevoked", client })
      return ended ? "done" : "notFound"
    }),
)

/** Ends all sessions of the caller except the current one. */
export const revokeOtherSessions = write(
  async (db, { by, client }: { by: ActingCredential; client: ClientInfo }): Promise<"done" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      const count = await endOtherSessions(tx, { userId: by.userId, keptId: by.credentialId })
      if (count > 0) await recordEvent(tx, { ...by, kind: "otherSessionsRevoked", client, count })
      return "done" as const
    }),
)

/** Ends all live sessions of a user except one. @returns how many ended. */
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

/** Returns the sessions that are live now and whose user is enabled, in no particular order. */
export const findLiveSessions = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<LiveSession[]> =>
    liveSessions(db).execute({ ids: joinIds(ids) }),
)
