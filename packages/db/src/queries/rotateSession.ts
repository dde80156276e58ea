import { and, eq, gt, inArray, isNull, sql } from "drizzle-orm"
import { write } from "../query.ts"
import { sessions, users } from "../schema.ts"
import { type ClientInfo, recordEvent } from "./auditEvents.ts"
import { isLive } from "./isValid.ts"
import { type User, userColumns } from "./userColumns.ts"

/**
 * One turn of a session's refresh token: the newest token is replaced by the next; any older one of the family
 * ends the session, which is recorded. It is one update, so that of two equal tokens at the same moment the second
 * finds the first's and counts as old.
 *
 * @param params.leeway seconds, above 0 for who may send a token twice: so long after a turn there is no other, and
 * the token that was replaced counts as well as the newest. A request that comes late, after others that were sent
 * after it, then finds at most one turn between.
 * @param params.nextTurnHashes what may come after the presented token. The first is stored when it turns; the others
 * are what an instance with another server secret would have stored, and count when the token is repeated.
 * @returns null when the token does not count, whatever the reason. Otherwise the user, and the newest token's
 * `turnHash`: a next one's, or still the presented one's.
 */
export const rotateSession = write(
  async (
    db,
    params: {
      id: string
      familyHash: Uint8Array
      turnHash: Uint8Array
      nextTurnHashes: readonly [Uint8Array, ...Uint8Array[]]
      leeway?: number
      client: ClientInfo
    },
  ): Promise<{ user: User; turnHash: Uint8Array } | null> => {
    const { turnHash, nextTurnHashes, leeway = 0 } = params
    const hasJustTurned =
      leeway > 0 ? gt(sessions.refreshedAt, sql`now() - make_interval(secs => ${leeway})`) : sql`false`
    const isNewest = eq(sessions.turnHash, turnHash)
    const turns = sql`${isNewest} and not (${hasJustTurned})`
    const isRepeated = sql`${inArray(sessions.turnHash, [...nextTurnHashes])} and ${hasJustTurned}`
    return db.transaction(async (tx) => {
      const [row] = await tx
        .update(sessions)
        .set({
          turnHash: sql`case when ${turns} then ${nextTurnHashes[0]} else ${sessions.turnHash} end`,
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
        .returning({
          user: userColumns,
          turnHash: sessions.turnHash,
          device: sessions.device,
          endedAt: sessions.endedAt,
        })
      if (!row) return null
      const { user, device } = row
      if (row.endedAt === null) return { user, turnHash: row.turnHash }
      await recordEvent(tx, {
        userId: user.id,
        kind: "refreshTokenReused",
        via: "refreshToken",
        credentialId: params.id,
        client: params.client,
        subject: { id: params.id, label: device },
      })
      return null
    })
  },
)
