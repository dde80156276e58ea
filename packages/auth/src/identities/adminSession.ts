import type { AdminResult, ByAdmin } from "@latchkey/db"
import { AuthError, requireDone } from "../errors.ts"
import type { Caller } from "./caller.ts"

/** The session of a signed-in administrator. */
export type AdminSession = ByAdmin

/**
 * Requires an administrator's access token. API keys are rejected, because a leaked key must not open all accounts.
 *
 * @throws {AuthError} `FORBIDDEN`.
 */
export function adminSessionOf({ user, ...caller }: Caller): AdminSession {
  if (caller.via !== "jwt" || user.role !== "admin") throw notAdmin()
  return { adminId: user.id, sessionId: caller.sessionId }
}

/** Like `requireDone`, but also throws {AuthError} `FORBIDDEN` if the caller is no longer an administrator. */
export function requireDoneByAdmin(result: AdminResult, notFound: string) {
  if (result === "notAdmin") throw notAdmin()
  requireDone(result, notFound)
}

const notAdmin = () => new AuthError("FORBIDDEN", "Only a signed-in administrator can do this.")
