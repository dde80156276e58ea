import { and, eq, isNull, ne, type SQL, sql } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { takeAway } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { endLinksCreatedBy, endLinksCreatedIn } from "../accounts/endResetLinks.ts"
import { isLive } from "../keys/isValid.ts"
import { type SessionCredential, withAuthority } from "../owners/authority.ts"
import { byOwner, type NewAuditEvent, recordEvent } from "../trail/auditEvents.ts"

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
 * If earlier calls have ended sessions of a user, waits until that is as safe as when such a call has returned. Locks the
 * user's row, which changes nothing and blocks no change: see `writeLock`.
 */
export const confirmEndedSessions = takeAway(
  async (db, { userId }: { userId: string; client: Pick<ClientInfo, "onLeaseWait"> }): Promise<void> => {
    await db.transaction((tx) =>
      tx.select({ id: owners.id }).from(owners).where(eq(owners.id, userId)).for("key share"),
    )
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
      if (!ended) return "notFound"
      await endLinksCreatedIn(tx, id)
      return "done"
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

/** Ends all sessions of a user, and the links that the user has created as an administrator. */
export async function endAllSessions(tx: Database, userId: string): Promise<void> {
  await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)))
  await endLinksCreatedBy(tx, [userId])
}

/**
 * Ends all sessions of a user except one, as `endAllSessions` does. This includes expired sessions, because a refresh that
 * began before the expiry may extend one at the same moment.
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
  await endLinksCreatedBy(tx, [userId], { keptSessionId: keptId })
  return ended.filter(({ wasLive }) => wasLive).length
}
