import { type Database, findLiveSessions, type LiveSession } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { LastUsed } from "../keys/lastUsed.ts"
import type { VerifyApiKey } from "../keys/verifyApiKey.ts"
import type { AuthObserver } from "../observer.ts"
import { createVerifyAccessToken } from "../sessions/createVerifyAccessToken.ts"
import type { Caller } from "./caller.ts"
import { readCredential } from "./readCredential.ts"

/** Shared by requests without an address. */
const unknownClient = { address: "unknown" }

/** A request's caller, or why there is none: no credential, an invalid one, or several. */
export type Authentication = { caller: Caller } | { caller: null; problem: "none" | "invalid" | "ambiguous" }

/** @param client used only to count failed bcrypts. */
export type Authenticate = (
  headers: Pick<Headers, "get">,
  client?: Pick<ClientInfo, "address">,
) => Promise<Authentication>

/**
 * Identifies the caller from the current state of the database: a key revoked, a session ended or a user disabled
 * before the request arrived is rejected.
 *
 * @throws if there is no verdict: {AuthError} `UNAVAILABLE`, or `DatabaseUnavailable`.
 */
export function createAuthenticate(deps: {
  db: Database
  keyring: Keyring
  verifyApiKey: VerifyApiKey
  lastUsed: LastUsed
  observer: AuthObserver | undefined
}): Authenticate {
  const { observer } = deps
  const verifyAccessToken = createVerifyAccessToken(deps.keyring)
  const findSession = createBatchedRead(
    (ids) => findLiveSessions(deps.db, { ids }),
    (session: LiveSession) => session.id,
    observer && ((size) => observer.batch("sessions", size)),
  )

  async function callerOfApiKey(apiKey: string, client: Pick<ClientInfo, "address">): Promise<Caller | null> {
    const row = await deps.verifyApiKey(apiKey, client)
    if (!row) return null
    deps.lastUsed.note(row.id)
    observer?.verdict("apiKey", "accepted")
    return { user: row.user, via: "apiKey", apiKeyId: row.id }
  }

  async function callerOfAccessToken(accessToken: string): Promise<Caller | null> {
    const claims = await verifyAccessToken(accessToken)
    if (!claims) return rejectAccessToken("invalid")
    const session = await findSession(claims.sessionId)
    if (session?.user.id !== claims.userId) return rejectAccessToken("ended")
    observer?.verdict("accessToken", "accepted")
    return { user: session.user, via: "jwt", sessionId: session.id }
  }

  function rejectAccessToken(verdict: "invalid" | "ended"): null {
    observer?.verdict("accessToken", verdict)
    return null
  }

  return async (headers, client = unknownClient) => {
    const credential = readCredential(headers)
    if (credential.kind === "none" || credential.kind === "ambiguous") {
      observer?.verdict("none", credential.kind)
      return { caller: null, problem: credential.kind }
    }
    if (credential.kind === "malformed") {
      observer?.verdict("none", "malformed")
      return { caller: null, problem: "invalid" }
    }
    try {
      const caller =
        credential.kind === "apiKey"
          ? await callerOfApiKey(credential.apiKey, client)
          : await callerOfAccessToken(credential.accessToken)
      return caller ? { caller } : { caller: null, problem: "invalid" }
    } catch (error) {
      observer?.verdict(credential.kind, "unavailable")
      throw error
    }
  }
}
