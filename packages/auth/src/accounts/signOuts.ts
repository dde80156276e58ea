import {
  confirmEndedSessions,
  type Database,
  endSession,
  endSessionOfFamily,
  findUserOfFamily,
  sessionCredential,
  type User,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { requireDone } from "../errors.ts"
import type { Throttle } from "../limits/throttle.ts"
import { type RefreshTokenHashes, readRefreshToken } from "../sessions/refreshToken.ts"

/** The end of a session by its own tokens. Once it has resolved, no instance accepts them. */
export interface SignOuts {
  /** @throws {AuthError} `UNAUTHENTICATED` if the session has already ended. */
  logout(session: { userId: string; sessionId: string }, client: ClientInfo): Promise<void>
  /**
   * Resolves once no instance accepts the sessions that a user's earlier calls have ended. Counts towards the address's
   * limit, as tokens of ended sessions may be sent again and again.
   */
  confirmLogout(userId: string, client: ClientInfo): Promise<void>
  /**
   * Ends the session of a current or replaced refresh token. A token that belongs to no live session counts towards its
   * address's limit.
   */
  logoutByRefreshToken(input: { refreshToken: string }, client: ClientInfo): Promise<void>
  /**
   * Ends the previous session of a browser that has just signed in again. Has no rate limit and never fails, because
   * the new session already exists.
   */
  endReplaced(input: { refreshToken: string }, client: ClientInfo): Promise<void>
}

export function createSignOuts({
  db,
  throttle,
  userOfFamily,
  onBackgroundError,
}: {
  db: Database
  throttle: Throttle
  /** The user whose live session a refresh token belongs to, if any. */
  userOfFamily: (token: RefreshTokenHashes) => Promise<User | null>
  onBackgroundError: (error: unknown) => void
}): SignOuts {
  /** @returns whether the token belongs to a live session. */
  async function endFamily(presented: RefreshTokenHashes, client: ClientInfo): Promise<boolean> {
    if (!(await userOfFamily(presented))) return false
    await endSessionOfFamily(db, { ...presented, id: presented.sessionId, client })
    return true
  }

  return {
    async logout(session, client) {
      requireDone(await endSession(db, { by: sessionCredential(session), client }))
    },

    async confirmLogout(userId, client) {
      await throttle.tokenWithoutSession(client)
      await confirmEndedSessions(db, { userId, client })
    },

    async logoutByRefreshToken({ refreshToken }, client) {
      const presented = readRefreshToken(refreshToken)
      if (presented && (await endFamily(presented, client))) return
      await throttle.tokenWithoutSession(client)
      // This may repeat a call of which it is not known yet whether all instances reject the session.
      const userId = presented && (await findUserOfFamily(db, { ...presented, id: presented.sessionId }))
      if (userId) await confirmEndedSessions(db, { userId, client })
    },

    async endReplaced({ refreshToken }, client) {
      try {
        const presented = readRefreshToken(refreshToken)
        if (presented) await endFamily(presented, client)
      } catch (error) {
        onBackgroundError(error)
      }
    },
  }
}
