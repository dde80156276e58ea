import { type ActingCredential, sessionCredential, type User } from "@latchkey/db"

/** Who is calling, and by which credential. */
export type Caller =
  | { user: User; via: "jwt"; sessionId: string }
  | { user: User; via: "apiKey"; apiKeyId: string }

/** The caller's credential, which the database verifies again for a change. */
export function actingCredentialOf(caller: Caller): ActingCredential {
  const userId = caller.user.id
  return caller.via === "jwt"
    ? sessionCredential({ userId, sessionId: caller.sessionId })
    : { userId, via: "apiKey", credentialId: caller.apiKeyId }
}
