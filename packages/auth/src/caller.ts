import { type Authority, bySession, type User } from "@latchkey/db"

/** Who is calling, and by which credential. */
export type Caller =
  | { user: User; via: "jwt"; sessionId: string }
  | { user: User; via: "apiKey"; apiKeyId: string }

/** What the audit trail knows a caller's credential by. */
export const authorityOf = (caller: Caller): Authority =>
  caller.via === "jwt" ? bySession(caller.sessionId) : { via: "apiKey", credentialId: caller.apiKeyId }
