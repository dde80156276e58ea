import {
  type Database,
  findUserOfToken,
  resetPassword,
  storePasswordReset,
  storePasswordResetByAdmin,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import { AuthError } from "../errors.ts"
import { type Administrator, type NamedAdmins, requireDoneByAdmin } from "../identities/administrator.ts"
import { isUuid } from "../isUuid.ts"
import type { Throttle } from "../limits/throttle.ts"
import { linkTo } from "./accountLinks.ts"
import { NO_SUCH_USER, refuseAdministrator } from "./adminUsers.ts"
import type { MailQueue } from "./mailQueue.ts"
import { createOpaqueToken, hashOpaqueToken } from "./opaqueToken.ts"
import { hashPassword, refuseWeak } from "./password.ts"

/** A link that sets a password, shown once. */
export interface ResetLink {
  token: string
  /** Null if the server's public URL is not configured. */
  url: string | null
  expiresAt: Date
}

/** Setting a new password with a link (ASVS 5.0, 6.4.1 and 6.4.3). */
export interface PasswordResets {
  /**
   * Sends a link to the email, if an enabled account has it. Everything that depends on the account happens after
   * this has resolved, so neither the result nor its timing reveals whether there is one (ASVS 5.0, 6.3.8).
   *
   * @throws {AuthError} `FORBIDDEN` if the server sends no mail, `RATE_LIMITED`, `UNAVAILABLE`.
   */
  request(input: { email: string }, client: ClientInfo): Promise<void>
  /**
   * Creates a link for a user, which replaces an earlier one.
   *
   * @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED`, `FORBIDDEN` for the accounts of administrators, whose links
   *   only the command line creates, and for disabled accounts.
   */
  createLink(admin: Administrator, user: { id: string }, client: ClientInfo): Promise<ResetLink>
  /**
   * Sets the password and ends all sessions. The second factor stays enabled.
   *
   * @throws {AuthError} `INVALID_INPUT` for a weak password, `NOT_FOUND` for a link that was used, replaced or expired,
   *   `RATE_LIMITED`.
   */
  reset(input: { token: string; newPassword: string }, client: ClientInfo): Promise<void>
}

/** Seconds that a link is valid. */
export const RESET_LINK_TTL = 3600

export function createPasswordResets(deps: {
  db: Database
  bcrypt: BcryptQueue
  throttle: Throttle
  namedAdmins: NamedAdmins
  /** Whether the host may appoint administrators, which it says only when they call. */
  hostAppoints: boolean
  publicUrl: string | null
  /** Null if the server sends no mail. */
  mails: MailQueue | null
}): PasswordResets {
  const { db, bcrypt, throttle, namedAdmins, publicUrl, mails } = deps
  const admins = { ids: namedAdmins.ids, mayBeOthers: deps.hostAppoints }

  return {
    async request({ email: typed }, client) {
      if (!mails || publicUrl === null) {
        throw new AuthError("FORBIDDEN", "This server sends no mail; ask an administrator for a link.")
      }
      const email = typed.toLowerCase()
      await throttle.requestPasswordReset(email, client)
      const origin = { address: client.address, requestId: client.requestId, device: client.device }
      mails.add(async () => {
        const { token, tokenHash } = createOpaqueToken()
        const link = { tokenHash, ttl: RESET_LINK_TTL }
        const stored = await storePasswordReset(db, { email, token: link, via: "link", client: origin })
        if (!stored) return null
        const url = linkTo(publicUrl, "passwordReset", token)
        return { kind: "passwordReset", to: stored.user.email, url, expiresAt: stored.expiresAt }
      })
    },

    async createLink(by, { id }, client) {
      if (!isUuid(id)) throw new AuthError("NOT_FOUND", NO_SUCH_USER)
      refuseAdministrator(namedAdmins.isNamedAccount(id))
      const { token, tokenHash } = createOpaqueToken()
      const result = await storePasswordResetByAdmin(db, {
        ...{ affected: { id }, by, client },
        token: { tokenHash, ttl: RESET_LINK_TTL },
      })
      if (result instanceof Date) {
        const url = publicUrl === null ? null : linkTo(publicUrl, "passwordReset", token)
        return { token, url, expiresAt: result }
      }
      refuseAdministrator(result === "isAdmin")
      if (result === "isAdmin" || result === "isDisabled") {
        throw new AuthError("FORBIDDEN", "The account is disabled; enable it first.")
      }
      requireDoneByAdmin(result, NO_SUCH_USER)
      throw new TypeError("a link that was neither stored nor refused")
    },

    async reset({ token, newPassword }, client) {
      await throttle.useLink(client)
      refuseWeak("newPassword", newPassword)
      const tokenHash = hashOpaqueToken(token)
      const user = tokenHash && (await findUserOfToken(db, { kind: "passwordReset", tokenHash, admins }))
      if (!user) throw invalidLink()
      const newHash = await hashPassword(bcrypt, newPassword)
      if (!(await resetPassword(db, { userId: user.id, tokenHash, admins, newHash, client })))
        throw invalidLink()
    },
  }
}

/** One message for every link that does not work. */
export const invalidLink = () =>
  new AuthError("NOT_FOUND", "This link is not valid: it was used or replaced, or it has expired.")
