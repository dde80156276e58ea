import { eq } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import type { Database } from "../../database.ts"
import { takeAway } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import type { AdminAct, AdminResult } from "../owners/adminUsers.ts"
import { withAdminAuthority } from "../owners/authority.ts"
import { OWN_ISSUER } from "../owners/ownerColumns.ts"
import { endAllSessions } from "../sessions/endSessions.ts"
import { type Authority, byAdmin, recordEvent } from "../trail/auditEvents.ts"
import { lockUser } from "./lockUser.ts"
import { deleteSecondFactor } from "./secondFactors.ts"

/**
 * Removes a user's second factor for an administrator and ends all the user's sessions; a no-op if there is none.
 *
 * @returns `isAdmin` for an administrator's account, `notFound` for any other owner.
 */
export const resetSecondFactorByAdmin = takeAway(
  async (db, { affected, by, client }: AdminAct<{ id: string }>): Promise<AdminResult | "isAdmin"> =>
    withAdminAuthority(db, { by, affected }, async (tx, owner) => {
      if (!owner || owner.issuer !== OWN_ISSUER || owner.erasedAt) return "notFound"
      if (owner.role === "admin") return "isAdmin"
      await resetSecondFactor(tx, { userId: owner.id, authority: byAdmin(by), client })
      return "done"
    }),
)

/** The same for somebody at the server's command line. @returns false if no enabled user has this email (lower case). */
export const resetSecondFactorOfEmail = takeAway(
  async (
    db,
    { email, actor, client }: { email: string; actor?: string; client: ClientInfo },
  ): Promise<boolean> =>
    db.transaction(async (tx) => {
      const user = await lockUser(tx, eq(owners.email, email))
      if (!user) return false
      const authority = { via: "server", credentialId: null, actor } as const
      await resetSecondFactor(tx, { userId: user.id, authority, client })
      return true
    }),
)

async function resetSecondFactor(
  tx: Database,
  { userId, authority, client }: { userId: string; authority: Authority; client: ClientInfo },
) {
  if (!(await deleteSecondFactor(tx, userId))) return
  await endAllSessions(tx, userId)
  await recordEvent(tx, { ownerId: userId, kind: "secondFactorDisabled", ...authority, client })
}
