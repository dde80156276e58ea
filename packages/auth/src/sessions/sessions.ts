import {
  type Database,
  listSessions,
  revokeOtherSessions,
  revokeSession,
  sessionCredential,
} from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { requireDone } from "../errors.ts"
import { isUuid } from "../isUuid.ts"

/** A sign-in that has neither ended nor expired. */
export interface Session {
  id: string
  /** Such as "Chrome on Linux"; null when it did not say. */
  device: string | null
  createdAt: Date
  /** When it last got an access token, so to within that token's lifetime. */
  lastUsedAt: Date
  /** Whether it is the caller's session. */
  current: boolean
}

interface Own {
  userId: string
  sessionId: string
}

/** Users' own sessions. */
export interface Sessions {
  /** The caller's session, then the others, most recently used first; at most 100. */
  list(own: Own): Promise<Session[]>
  /** @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED` when the session that asks ended meanwhile. */
  revoke(own: Own, input: { id: string }, client: ClientInfo): Promise<void>
  /**
   * Ends all sessions of the user but the one that asks.
   *
   * @throws {AuthError} `UNAUTHENTICATED` when that one ended meanwhile.
   */
  revokeOthers(own: Own, client: ClientInfo): Promise<void>
}

/** More than a person would look through; scripts can open any number. */
const MAX_LISTED = 100

export function createSessions(db: Database): Sessions {
  return {
    async list({ userId, sessionId }) {
      const rows = await listSessions(db, { userId, limit: MAX_LISTED })
      return rows
        .map(({ refreshedAt, ...row }) => ({
          ...row,
          lastUsedAt: refreshedAt,
          current: row.id === sessionId,
        }))
        .sort((a, b) => Number(b.current) - Number(a.current))
    },

    async revoke(own, { id }, client) {
      const result = isUuid(id)
        ? await revokeSession(db, { id, by: sessionCredential(own), client })
        : "notFound"
      requireDone(result, "You have no session with this id.")
    },

    async revokeOthers(own, client) {
      requireDone(await revokeOtherSessions(db, { by: sessionCredential(own), client }))
    },
  }
}
