import { bySession, countFailure, type Database, findPasswordHash } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import type { BcryptQueue } from "../crypto/bcryptQueue.ts"
import { AuthError, unauthenticated } from "../errors.ts"
import { comparePassword } from "./password.ts"

/** A user's own session. */
export interface OwnSession {
  userId: string
  sessionId: string
}

/**
 * Checks the current password of a session's user again, before a change of the account (ASVS 5.0, 7.5.1).
 *
 * @returns the hash that was checked, so that the change can depend on it.
 * @throws {AuthError} `LOGIN_FAILED`, `UNAUTHENTICATED` if the session has ended.
 */
export type ConfirmPassword = (
  session: OwnSession,
  input: { currentPassword: string },
  failure: { kind: "passwordChangeFailed" | "secondFactorFailed"; client: ClientInfo },
) => Promise<string>

export function createConfirmPassword({
  db,
  bcrypt,
}: {
  db: Database
  bcrypt: BcryptQueue
}): ConfirmPassword {
  return async ({ userId, sessionId }, { currentPassword }, { kind, client }) => {
    const checkedHash = await findPasswordHash(db, { userId, sessionId })
    if (checkedHash === null) throw unauthenticated()
    if ((await comparePassword(bcrypt, currentPassword, checkedHash)) !== "none") return checkedHash
    await countFailure(db, { ownerId: userId, kind, ...bySession(sessionId), client })
    throw wrongPassword()
  }
}

export const wrongPassword = () =>
  new AuthError("LOGIN_FAILED", "The current password is wrong.", { field: "currentPassword" })
