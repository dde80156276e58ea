import { eq } from "drizzle-orm"
import type { ClientInfo } from "../../clientInfo.ts"
import { takeAway, write } from "../../query.ts"
import { owners } from "../../schema/owners.ts"
import type { AdminAct, AdminResult } from "../owners/adminUsers.ts"
import { withAdminAuthority } from "../owners/authority.ts"
import { OWN_ISSUER, type User } from "../owners/ownerColumns.ts"
import { endAllSessions } from "../sessions/endSessions.ts"
import { byAdmin, recordEvent } from "../trail/auditEvents.ts"
import {
  type AppointedAdmins,
  endUnfinished,
  type NewAccountToken,
  replaceToken,
  useToken,
} from "./accountTokens.ts"
import { lockUser } from "./lockUser.ts"

/** A link that was stored. */
export interface StoredLink {
  user: User
  expiresAt: Date
}

/**
 * Stores a link by which an enabled user's password can be set, in place of an earlier one.
 *
 * @param params.via `link`: it is sent to the user's email. `server`: it is printed on the server's command line.
 * @returns null if there is no enabled user with this email (lower case).
 */
export const storePasswordReset = write(
  async (
    db,
    params: {
      email: string
      token: NewAccountToken
      via: "link" | "server"
      /** The person who acts on the server. */
      actor?: string
      client: ClientInfo
    },
  ): Promise<StoredLink | null> =>
    db.transaction(async (tx) => {
      const { email, token, via, actor, client } = params
      const user = await lockUser(tx, eq(owners.email, email))
      if (!user) return null
      const expiresAt = await replaceToken(tx, { userId: user.id, kind: "passwordReset", token })
      const event = {
        ownerId: user.id,
        kind: "passwordResetRequested",
        via,
        actor,
        credentialId: null,
      } as const
      await recordEvent(tx, { ...event, client })
      return { user, expiresAt }
    }),
)

/**
 * The same for an administrator.
 *
 * @returns `isAdmin` for an administrator's account, `isDisabled` for a disabled one, `notFound` for any other owner.
 */
export const storePasswordResetByAdmin = write(
  async (
    db,
    { affected, by, token, client }: AdminAct<{ id: string }> & { token: NewAccountToken },
  ): Promise<Date | Exclude<AdminResult, "done"> | "isAdmin" | "isDisabled"> =>
    withAdminAuthority(db, { by, affected }, async (tx, owner) => {
      if (!owner || owner.issuer !== OWN_ISSUER || owner.erasedAt) return "notFound"
      if (owner.role === "admin") return "isAdmin"
      if (owner.disabledAt) return "isDisabled"
      const expiresAt = await replaceToken(tx, { userId: owner.id, kind: "passwordReset", token, by })
      await recordEvent(tx, { ownerId: owner.id, kind: "passwordResetRequested", ...byAdmin(by), client })
      return expiresAt
    }),
)

/**
 * Sets the password of a link's user and ends all their sessions. The link is used up, and the second factor stays.
 *
 * @param params.admins as for `findUserOfToken`.
 * @returns whether the link was still valid.
 */
export const resetPassword = takeAway(
  async (
    db,
    params: {
      userId: string
      tokenHash: Uint8Array
      admins: AppointedAdmins
      newHash: string
      client: ClientInfo
    },
  ): Promise<boolean> =>
    db.transaction(async (tx) => {
      const { userId, tokenHash, admins, newHash, client } = params
      const user = await lockUser(tx, eq(owners.id, userId))
      if (!user || !(await useToken(tx, { userId, kind: "passwordReset", tokenHash, admins }))) return false
      await tx.update(owners).set({ passwordHash: newHash }).where(eq(owners.id, userId))
      await endUnfinished(tx, userId)
      await endAllSessions(tx, userId)
      await recordEvent(tx, {
        ownerId: userId,
        kind: "passwordReset",
        via: "link",
        credentialId: null,
        client,
      })
      return true
    }),
)
