import { and, eq, inArray, isNull, sql } from "drizzle-orm"
import type { PgColumn } from "drizzle-orm/pg-core"
import type { ClientInfo } from "../../clientInfo.ts"
import { logged } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import { sessions } from "../../schema/sessions.ts"
import { endLinksCreatedIn } from "../accounts/endResetLinks.ts"
import { isLive } from "../keys/isValid.ts"
import { type User, userColumns } from "../owners/ownerColumns.ts"
import { recordEvent } from "../trail/auditEvents.ts"

/** Whether a time is less than `seconds` ago. A later time than that from now comes from a clock that was ahead. */
const isNow = (time: PgColumn, seconds: number) =>
  sql`(${time} > now() - make_interval(secs => ${seconds}) and ${time} < now() + make_interval(secs => ${seconds}))`

/** Sessions that were opened without an idle end have only one expiry, which is final. */
const finalExpiry = sql`coalesce(${sessions.finalExpiresAt}, ${sessions.expiresAt})`

const expiry = (idleTtl: number | undefined) =>
  idleTtl === undefined ? finalExpiry : sql`least(${finalExpiry}, now() + make_interval(secs => ${idleTtl}))`

/**
 * Rotates a session's refresh token: replaces the newest token by its successor. Any older token of the family ends
 * the session, and the reuse is recorded. It is one update, so when the same token arrives twice concurrently, the
 * second call sees the successor and counts as reuse.
 *
 * @param params.leeway in seconds; above 0 for clients that may send a token twice. For this long after a rotation
 *   there is no other, and the replaced token is accepted as well as the newest. So a request that later ones overtake
 *   is at most one rotation behind.
 * @param params.nextTurnHashes the possible successors of the presented token. Rotation stores the first. Instances
 *   with another server secret would have stored one of the others, so these count when the token is repeated.
 * @returns null if the token is not accepted, whatever the reason. Otherwise the user, and the `turnHash` of the
 *   newest token: a successor's, or still that of the presented one.
 */
export const rotateSession = logged(
  async (
    db,
    params: {
      id: string
      familyHash: Uint8Array
      turnHash: Uint8Array
      nextTurnHashes: readonly [Uint8Array, ...Uint8Array[]]
      leeway?: number
      /** Seconds without another rotation until the session ends; without it, it ends at its final expiry. */
      idleTtl?: number | undefined
      client: ClientInfo
    },
  ): Promise<{ user: User; turnHash: Uint8Array } | null> => {
    const { turnHash, nextTurnHashes, leeway = 0, idleTtl } = params
    const wasJustRotated = leeway > 0 ? isNow(sessions.refreshedAt, leeway) : sql`false`
    const isNewest = eq(sessions.turnHash, turnHash)
    const rotates = sql`${isNewest} and not (${wasJustRotated})`
    const isRepeated = sql`${inArray(sessions.turnHash, [...nextTurnHashes])} and ${wasJustRotated}`
    return db.transaction(async (tx) => {
      const [row] = await tx
        .update(sessions)
        .set({
          turnHash: sql`case when ${rotates} then ${nextTurnHashes[0]} else ${sessions.turnHash} end`,
          expiresAt: sql`case when ${rotates} then ${expiry(idleTtl)} else ${sessions.expiresAt} end`,
          finalExpiresAt: idleTtl === undefined ? sessions.finalExpiresAt : finalExpiry,
          refreshedAt: sql`case when ${rotates} then now() else ${sessions.refreshedAt} end`,
          address: sql`case when ${rotates} then ${params.client.address}::text else ${sessions.address} end`,
          endedAt: sql`case when ${isNewest} or (${isRepeated}) then null else now() end`,
        })
        .from(owners)
        .where(
          and(
            eq(sessions.id, params.id),
            eq(sessions.familyHash, params.familyHash),
            isLive,
            eq(owners.id, sessions.userId),
            isNull(owners.disabledAt),
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
      await endLinksCreatedIn(tx, params.id)
      await recordEvent(tx, {
        ownerId: user.id,
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
