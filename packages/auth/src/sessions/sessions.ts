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
  /** Such as "Chrome on Linux"; null if unknown. */
  device: string | null
  /** The IP address at which it last received tokens; null if unknown. */
  address: string | null
  createdAt: Date
  /** When it last received an access token. */
  lastUsedAt: Date
  /** Whether this is the caller's session. */
  current: boolean
}

interface CallerSession {
  userId: string
  sessionId: string
}

/** Users' own sessions. */
export interface Sessions {
  /** Lists up to 100 sessions: the caller's first, then the others, most recently used first. */
  list(caller: CallerSession): Promise<Session[]>
  /** @throws {AuthError} `NOT_FOUND`, `UNAUTHENTICATED` if the caller's session has ended. */
  revoke(caller: CallerSession, input: { id: string }, client: ClientInfo): Promise<void>
  /**
   * Ends all of the user's sessions except the caller's.
   *
   * @throws {AuthError} `UNAUTHENTICATED` if the caller's session has ended.
   */
  revokeOthers(caller: CallerSession, client: ClientInfo): Promise<void>
}

/** More than a person would read. Scripts can open any number of sessions. */
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

    async revoke(caller, { id }, client) {
      const result = isUuid(id)
        ? await revokeSession(db, { id, by: sessionCredential(caller), client })
        : "notFound"
      requireDone(result, "You have no session with this id.")
    },

    async revokeOthers(caller, client) {
      requireDone(await revokeOtherSessions(db, { by: sessionCredential(caller), client }))
    },
  }
}
