import {
  type Database,
  findUserOfToken,
  sessionCredential,
  storeEmailVerification,
  verifyEmail,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError, unauthenticated } from "../errors.ts"
import type { Throttle } from "../limits/throttle.ts"
import { linkTo } from "./accountLinks.ts"
import type { OwnSession } from "./confirmPassword.ts"
import type { MailQueue } from "./mailQueue.ts"
import { createOpaqueToken, hashOpaqueToken } from "./opaqueToken.ts"
import { invalidLink } from "./passwordResets.ts"

/** Proving with a link that the email of an account belongs to its user. */
export interface EmailVerifications {
  /** Whether mails can be sent, so that new accounts can verify their email. */
  isPossible: boolean
  /** Sends a link after a registration. Failures are only reported: the user can ask for another link. */
  sendFirst(session: OwnSession): void
  /**
   * Sends a link to the caller's email, unless it is verified already.
   *
   * @throws {AuthError} `FORBIDDEN` if the server sends no mail, `RATE_LIMITED`, `UNAVAILABLE`.
   */
  request(session: OwnSession, client: ClientInfo): Promise<void>
  /**
   * @param session the session of the call, if it has one. An email that makes an administrator is verified only by a
   *   session of its account, because the account may be a stranger's.
   * @throws {AuthError} `NOT_FOUND` for a link that was used, replaced or expired, `FORBIDDEN` without the session that is
   *   needed, `UNAUTHENTICATED` if it has ended, `RATE_LIMITED`.
   */
  verify(input: { token: string }, session: OwnSession | null, client: ClientInfo): Promise<void>
}

/** Seconds that a link is valid. */
const VERIFICATION_LINK_TTL = 86_400

export function createEmailVerifications(deps: {
  db: Database
  throttle: Throttle
  publicUrl: string | null
  /** Null if the server sends no mail. */
  mails: MailQueue | null
  adminEmails: readonly string[]
  onBackgroundError: (error: unknown) => void
}): EmailVerifications {
  const { db, throttle, publicUrl, mails, adminEmails, onBackgroundError } = deps

  function send({ userId, sessionId }: OwnSession) {
    if (!mails || publicUrl === null) {
      throw new AuthError("FORBIDDEN", "This server sends no mail.")
    }
    mails.add(async () => {
      const { token, tokenHash } = createOpaqueToken()
      const stored = await storeEmailVerification(db, {
        by: sessionCredential({ userId, sessionId }),
        token: { tokenHash, ttl: VERIFICATION_LINK_TTL },
        adminEmails,
      })
      if (typeof stored === "string") return null
      const url = linkTo(publicUrl, "emailVerification", token)
      return { kind: "emailVerification", to: stored.email, url, expiresAt: stored.expiresAt }
    })
  }

  return {
    isPossible: mails !== null && publicUrl !== null,

    sendFirst(session) {
      try {
        send(session)
      } catch (error) {
        onBackgroundError(error)
      }
    },

    async request(session, client) {
      await throttle.requestEmailVerification(session.userId, client)
      send(session)
    },

    async verify({ token }, session, client) {
      await throttle.useLink(client)
      const tokenHash = hashOpaqueToken(token)
      const user = tokenHash && (await findUserOfToken(db, { kind: "emailVerification", tokenHash }))
      if (!user) throw invalidLink()
      const by = session && sessionCredential(session)
      const result = await verifyEmail(db, { userId: user.id, tokenHash, by, adminEmails, client })
      if (result === "ended") throw unauthenticated()
      if (result === "notSignedIn") {
        throw new AuthError(
          "FORBIDDEN",
          "Sign in to the account of this link first, and open the link again.",
        )
      }
      if (result === "invalid") throw invalidLink()
    },
  }
}
