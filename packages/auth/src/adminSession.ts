import type { AdminResult, ByAdmin } from "@latchkey/db"
import type { Caller } from "./caller.ts"
import { AuthError } from "./errors.ts"

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

/** @throws {AuthError} `FORBIDDEN` for who has ceased to be an administrator, `NOT_FOUND` in the given words. */
export function requireDone(result: AdminResult, notFound: string) {
  if (result === "notAdmin") throw notAdmin()
  if (result === "notFound") throw new AuthError("NOT_FOUND", notFound)
}

const notAdmin = () => new AuthError("FORBIDDEN", "Only administrators can do this, signed in.")
