import { type Database, findLiveSessions, type LiveSession, OWN_ISSUER } from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { AuthObserver } from "../observer.ts"
import { createVerifyAccessToken } from "../sessions/createVerifyAccessToken.ts"
import type { NamedAdmins } from "./administrator.ts"
import { type Authentication, fromSeconds, invalid, type Report } from "./authentication.ts"
import type { Scopes } from "./scopes.ts"

/** Authenticates by Latchkey's own access tokens, whose session must be live. */
export function createByAccessToken(deps: {
  db: Database
  keyring: Keyring
  scopes: Scopes
  namedAdmins: NamedAdmins
  report: Report
  observer: AuthObserver | undefined
}): (accessToken: string) => Promise<Authentication> {
  const { observer } = deps
  const verifyAccessToken = createVerifyAccessToken(deps.keyring)
  const findSession = createBatchedRead(
    (ids) => findLiveSessions(deps.db, { ids }),
    (session: LiveSession) => session.id,
    observer && ((size) => observer.batch("sessions", size)),
  )

  return async (accessToken) => {
    const claims = await verifyAccessToken(accessToken)
    if (!claims) {
      deps.report("accessToken", "invalid")
      return invalid("unknown")
    }
    const session = await findSession(claims.sessionId)
    if (session?.user.id !== claims.userId) {
      deps.report("accessToken", "ended")
      return invalid("unknown")
    }
    deps.report("accessToken", "accepted")
    const { user } = session
    return {
      caller: {
        owner: deps.namedAdmins.withRole({ ...user, issuer: OWN_ISSUER, subject: user.id }),
        scopes: deps.scopes.declared,
        isScoped: false,
        manage: "write",
        issuedAt: fromSeconds(claims.issuedAt),
        expiresAt: fromSeconds(claims.expiresAt),
        via: "jwt",
        sessionId: session.id,
      },
    }
  }
}
