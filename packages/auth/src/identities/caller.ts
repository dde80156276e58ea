import { type ActingCredential, sessionCredential, type User } from "@latchkey/db"

/** The user who is calling, and the credential used. */
export type Caller =
  | { user: User; via: "jwt"; sessionId: string }
  | { user: User; via: "apiKey"; apiKeyId: string }

/** The caller's credential, which is checked again in the transaction that makes a change. */
export function actingCredentialOf(caller: Caller): ActingCredential {
  const userId = caller.user.id
  return caller.via === "jwt"
    ? sessionCredential({ userId, sessionId: caller.sessionId })
    : { userId, via: "apiKey", credentialId: caller.apiKeyId }
}
