import { and, desc, eq, inArray, isNotNull, isNull, ne, type SQL, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { onPrimary } from "../../driver/onPrimary.ts"
import type { SeenRow } from "../../leases/leasedRead.ts"
import { prepareOnce } from "../../prepareOnce.ts"
import { query, takeAway, write } from "../../query.ts"
import { owners, recoveryCodes, secondFactors, sessions, signInChallenges } from "../../schema.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { isLive } from "../keys/isValid.ts"
import { type SessionCredential, withAuthority } from "../owners/authority.ts"
import { type User, userColumns } from "../owners/ownerColumns.ts"
import { position, timeline } from "../server/leases.ts"
import { byOwner, type NewAuditEvent, recordEvent } from "../trail/auditEvents.ts"

export interface NewSession {
  id: string
  familyHash: Uint8Array
  turnHash: Uint8Array
  /** Seconds until it ends, regardless of refreshes. */
  ttl: number
  /** Seconds without a refresh until it ends; without it, only `ttl` counts. */
  idleTtl?: number | undefined
}

/** Stores a session that was opened with a password, and records it. Its expiry follows the database's clock. */
export async function openSession(
  tx: Database,
  params: { userId: string; kind: "registered" | "loggedIn"; session: NewSession; client: ClientInfo },
): Promise<void> {
  const { userId, kind, client } = params
  const { ttl, idleTtl, ...session } = params.session
  await tx.insert(sessions).values({
    ...session,
    userId,
    device: client.device,
    address: client.address,
    expiresAt: sql`now() + make_interval(secs => ${Math.min(ttl, idleTtl ?? ttl)})`,
    finalExpiresAt: idleTtl === undefined ? null : sql`now() + make_interval(secs => ${ttl})`,
  })
  const subject = { id: session.id, label: client.device }
  await recordEvent(tx, { ownerId: userId, kind, via: "password", credentialId: null, client, subject })
}

/** A sign-in that waits for the second factor. */
export interface NewChallenge {
  /** SHA-256 of the challenge. */
  challengeHash: Uint8Array
  /** Seconds until it ends. */
  ttl: number
}

export interface PendingSecondFactor {
  /** Identifies the server secret that encrypts the TOTP secret. */
  secretId: string
  /** How many recovery codes are left. */
  recoveryCodes: number
}

async function findEnabledFactor(tx: Database, userId: string): Promise<PendingSecondFactor | null> {
  const [factor] = await tx
    .select({ secretId: secondFactors.secretId })
    .from(secondFactors)
    .where(and(eq(secondFactors.userId, userId), isNotNull(secondFactors.enabledAt)))
  if (!factor) return null
  const codes = eq(recoveryCodes.userId, userId)
  return { ...factor, recoveryCodes: await tx.$count(recoveryCodes, codes) }
}

async function storeChallenge(
  tx: Database,
  { userId, challenge: { challengeHash, ttl } }: { userId: string; challenge: NewChallenge },
) {
  const expiresAt = sql`now() + make_interval(secs => ${ttl})`
  await tx.insert(signInChallenges).values({ userId, challengeHash, expiresAt })
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
 * A user with a second factor gets no session. The challenge is stored instead.
 *
 * @returns whether the user is still enabled and has that password hash, or how the sign-in can be completed.
 */
export const createSession = write(
  async (
    db,
    params: {
      userId: string
      checkedHash: string
      session: NewSession
      challenge?: NewChallenge
      client: ClientInfo
    },
  ): Promise<boolean | PendingSecondFactor> =>
    db.transaction(async (tx) => {
      const { userId, checkedHash, session, challenge, client } = params
      const [user] = await tx
        .select({ id: owners.id })
        .from(owners)
        .where(and(eq(owners.id, userId), eq(owners.passwordHash, checkedHash), isNull(owners.disabledAt)))
        .for("no key update")
      if (!user) return false
      const factor = await findEnabledFactor(tx, userId)
      if (factor) {
        if (challenge) await storeChallenge(tx, { userId, challenge })
        return factor
      }
      await makeRoom(tx, { userId, client })
      await openSession(tx, { userId, kind: "loggedIn", session, client })
      return true
    }),
)

/**
 * Ends the least recently used sessions until there is room for another, and records how many. The lock on the user's
 * row serializes concurrent sign-ins.
 */
export async function makeRoom(
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
    ownerId: userId,
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
      .innerJoin(owners, eq(owners.id, sessions.userId))
      .where(and(onPrimary, anyOf(sessions.id, joinIds(ids)), isLive, isNull(owners.disabledAt))),
)

/** Ends the caller's session. */
export const endSession = takeAway(
  async (db, { by, client }: { by: SessionCredential; client: ClientInfo }): Promise<"done" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      await endWhere(tx, eq(sessions.id, by.credentialId), { ...byOwner(by), kind: "loggedOut", client })
      return "done" as const
    }),
)

/** Ends the session that a refresh token belongs to, found by the part that all its tokens share. */
export const endSessionOfFamily = takeAway(
  async (db, params: { id: string; familyHash: Uint8Array; client: ClientInfo }): Promise<void> => {
    const { id, familyHash, client } = params
    const condition = and(eq(sessions.id, id), eq(sessions.familyHash, familyHash))
    const event = { via: "refreshToken", credentialId: id, kind: "loggedOut", client } as const
    await db.transaction(async (tx) => {
      // If another call has ended it, this makes the commit wait for that call's commit.
      await tx.select({ id: sessions.id }).from(sessions).where(condition).for("no key update")
      await endWhere(tx, condition, event)
    })
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
  event: Omit<NewAuditEvent, "ownerId" | "subject" | "count">,
): Promise<boolean> {
  const [ended] = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(condition, isLive))
    .returning({ id: sessions.id, label: sessions.device, userId: sessions.userId })
  if (!ended) return false
  const { userId, ...subject } = ended
  await recordEvent(tx, { ...event, ownerId: userId, subject })
  return true
}

const listedSessionColumns = {
  id: sessions.id,
  device: sessions.device,
  address: sessions.address,
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
export const revokeSession = takeAway(
  async (
    db,
    { id, by, client }: { id: string; by: SessionCredential; client: ClientInfo },
  ): Promise<"done" | "notFound" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      const condition = and(eq(sessions.id, id), eq(sessions.userId, by.owner.id))
      const ended = await endWhere(tx, condition, { ...byOwner(by), kind: "sessionRevoked", client })
      return ended ? "done" : "notFound"
    }),
)

/** Ends all sessions of the caller except the current one. */
export const revokeOtherSessions = takeAway(
  async (db, { by, client }: { by: SessionCredential; client: ClientInfo }): Promise<"done" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      const count = await endOtherSessions(tx, { userId: by.owner.id, keptId: by.credentialId })
      if (count > 0) await recordEvent(tx, { ...byOwner(by), kind: "otherSessionsRevoked", client, count })
      return "done" as const
    }),
)

/** Ends all sessions of a user. */
export async function endAllSessions(tx: Database, userId: string): Promise<void> {
  await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)))
}

/**
 * Ends all sessions of a user except one. This includes expired sessions, because a refresh that began before the
 * expiry may extend one at the same moment.
 *
 * @returns how many of them were live.
 */
export async function endOtherSessions(
  tx: Database,
  { userId, keptId }: { userId: string; keptId: string },
): Promise<number> {
  const ended = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), ne(sessions.id, keptId), isNull(sessions.endedAt)))
    .returning({ wasLive: sql<boolean>`${sessions.expiresAt} > now()` })
  return ended.filter(({ wasLive }) => wasLive).length
}

export interface LiveSession {
  id: string
  user: User
}

const liveSessions = prepareOnce((db) =>
  db
    .select({ id: sessions.id, user: userColumns })
    .from(sessions)
    .innerJoin(owners, eq(owners.id, sessions.userId))
    .where(and(onPrimary, anyOf(sessions.id, sql.placeholder("ids")), isLive, isNull(owners.disabledAt)))
    .prepare("live_sessions"),
)

/** Returns the sessions that are live now and whose user is enabled, in no particular order. */
export const findLiveSessions = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<LiveSession[]> =>
    liveSessions(db).execute({ ids: joinIds(ids) }),
)

/** A session with its end, for instances that hold leases. */
export interface LeasedSession extends LiveSession {
  expiresAt: Date
}

const leasedSessions = prepareOnce((db) =>
  db
    .select({ id: sessions.id, user: userColumns, expiresAt: sessions.expiresAt, timeline, position })
    .from(sessions)
    .innerJoin(owners, eq(owners.id, sessions.userId))
    .where(and(onPrimary, anyOf(sessions.id, sql.placeholder("ids")), isLive, isNull(owners.disabledAt)))
    .prepare("leased_sessions"),
)

/** The same as `findLiveSessions`, with the position at which they were read. */
export const findLeasedSessions = query(
  async (db, { ids }: { ids: readonly string[] }): Promise<SeenRow<LeasedSession>[]> => {
    const rows = await leasedSessions(db).execute({ ids: joinIds(ids) })
    return rows.map(({ timeline, position, ...row }) => ({ row, seen: { timeline, position } }))
  },
)
