import type { AdminResult, ByAdmin } from "@latchkey/db"
import { AuthError, requireDone } from "../errors.ts"
import type { Caller } from "./caller.ts"

/** The session of an administrator who is signed in. */
export type AdminSession = ByAdmin

/**
 * Whoever may administer: an administrator, by access token. A key that leaks must not open everybody's account.
 *
 * @throws {AuthError} `FORBIDDEN`.
 */
export function adminSessionOf({ user, ...caller }: Caller): AdminSession {
  if (caller.via !== "jwt" || user.role !== "admin") throw notAdmin()
  return { adminId: user.id, sessionId: caller.sessionId }
}

/** The same as `requireDone`, and {AuthError} `FORBIDDEN` for a caller who is no administrator any more. */
export function requireDoneByAdmin(result: AdminResult, notFound: string) {
  if (result === "notAdmin") throw notAdmin()
  requireDone(result, notFound)
}

const notAdmin = () => new AuthError("FORBIDDEN", "Only administrators can do this, signed in.")
