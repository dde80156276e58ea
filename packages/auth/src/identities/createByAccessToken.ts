import {
  type Database,
  findLeasedSessions,
  findLiveSessions,
  hasSecondFactor,
  type LeasedSession,
  type LiveSession,
  OWN_ISSUER,
} from "@latchkey/db"
import type { Keyring } from "../crypto/keyring.ts"
import type { Memory } from "../memory.ts"
import { type AuthObserver, watchBatches } from "../observer.ts"
import { createVerifyAccessToken } from "../sessions/createVerifyAccessToken.ts"
import { createVerdictRead } from "../verdictRead.ts"
import type { NamedAdmins } from "./administrator.ts"
import { type Authentication, fromSeconds, invalid, type Report } from "./authentication.ts"
import type { Scopes } from "./scopes.ts"

/** Authenticates by Latchkey's own access tokens, whose session must be live. */
export function createByAccessToken(deps: {
  db: Database
  memory: Memory | undefined
  keyring: Keyring
  scopes: Scopes
  namedAdmins: NamedAdmins
  adminsNeedSecondFactor: boolean
  report: Report
  observer: AuthObserver | undefined
}): (accessToken: string) => Promise<Authentication> {
  const { observer } = deps
  const verifyAccessToken = createVerifyAccessToken(deps.keyring)
  const sessions = createVerdictRead<LiveSession, LeasedSession>(deps.memory, {
    read: (ids) => findLiveSessions(deps.db, { ids }),
    readSeen: (ids) => findLeasedSessions(deps.db, { ids }),
    idOf: (session) => session.id,
    subjectsOf: (session) => [session.id, session.user.id],
    endOf: (session) => session.expiresAt.getTime(),
    watch: watchBatches(observer, "sessions"),
  })

  const secondFactorOf = async (userId: string) =>
    (await hasSecondFactor(deps.db, { userId })) ? ("present" as const) : ("missing" as const)

  return async (accessToken) => {
    const claims = await verifyAccessToken(accessToken)
    if (!claims) {
      deps.report("accessToken", "invalid")
      return invalid("unknown")
    }
    const session = await sessions.find(claims.sessionId)
    if (session?.user.id !== claims.userId) {
      deps.report("accessToken", "ended")
      return { ...invalid("unknown"), endedSessionOf: claims.userId }
    }
    const { user } = session
    const owner = deps.namedAdmins.withRole({ ...user, issuer: OWN_ISSUER, subject: user.id })
    const secondFactor =
      deps.adminsNeedSecondFactor && owner.role === "admin"
        ? { secondFactor: await secondFactorOf(owner.id) }
        : {}
    deps.report("accessToken", "accepted")
    return {
      caller: {
        owner,
        scopes: deps.scopes.declared,
        isScoped: false,
        manage: "write",
        issuedAt: fromSeconds(claims.issuedAt),
        expiresAt: fromSeconds(claims.expiresAt),
        via: "jwt",
        sessionId: session.id,
        ...secondFactor,
      },
    }
  }
}
