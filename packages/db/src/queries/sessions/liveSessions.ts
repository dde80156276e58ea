import { and, desc, eq, isNull, sql } from "drizzle-orm"
import { onPrimary } from "../../driver/primary/onPrimary.ts"
import type { SeenRow } from "../../leases/leasedRead.ts"
import { prepareOnce } from "../../prepareOnce.ts"
import { query } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { anyOf, joinIds } from "../anyOf.ts"
import { isLive } from "../keys/isValid.ts"
import { type User, userColumns } from "../owners/ownerColumns.ts"
import { position, timeline } from "../server/leases.ts"

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

/** The id of the user of a session, whether it is live or not, that refresh tokens with this family hash belong to. */
export const findUserOfFamily = query(
  async (db, { id, familyHash }: { id: string; familyHash: Uint8Array }): Promise<string | undefined> => {
    const [session] = await db
      .select({ userId: sessions.userId })
      .from(sessions)
      .where(and(onPrimary, eq(sessions.id, id), eq(sessions.familyHash, familyHash)))
    return session?.userId
  },
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
