export { DatabaseUnavailable, type User } from "@latchkey/db"
export type { Accounts, SignedIn } from "./accounts/accounts.ts"
export type { Audit, AuditEvent } from "./audit/audit.ts"
export { describeUserAgent } from "./audit/describeUserAgent.ts"
export { createBatchedRead } from "./batchedRead.ts"
export type { ClientInfo } from "./clientInfo.ts"
export { type Auth, type AuthOptions, createAuth } from "./createAuth.ts"
export { AuthError, insufficientScope, unauthenticated } from "./errors.ts"
export { adminSessionOf } from "./identities/adminSession.ts"
export type { Authenticate, Authentication } from "./identities/authenticate.ts"
export type { Caller } from "./identities/caller.ts"
export {
  createTrustedIssuers,
  type TrustedIssuers,
} from "./identities/trustedIssuers/createTrustedIssuers.ts"
export {
  parseTrustedIssuers,
  type TrustedIssuer,
  type TrustedIssuerInput,
} from "./identities/trustedIssuers/trustedIssuer.ts"
export type { ApiKey, ApiKeys, CreatedApiKey } from "./keys/apiKeys.ts"
export { isKeyPrefix } from "./keys/keyFormat.ts"
export { addressBlock } from "./limits/addressBlock.ts"
export type { FairQueue, FairQueueUsage, RunQueued } from "./limits/fairQueue.ts"
export { defaultLimits, type Limit, type Limits, multiplyLimits } from "./limits/limits.ts"
export { type RateLimitStatus, stricter } from "./limits/rateLimitStatus.ts"
export type { AuthObserver, BcryptPurpose, BcryptResult, CredentialKind, Verdict } from "./observer.ts"
export type { Session, Sessions } from "./sessions/sessions.ts"
