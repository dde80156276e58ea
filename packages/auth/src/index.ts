export { DatabaseUnavailable } from "@latchkey/db"
export { linkTo } from "./accounts/accountLinks.ts"
export type { SignedIn } from "./accounts/accounts.ts"
export type { AccountMail } from "./accounts/mailQueue.ts"
export { createOpaqueToken } from "./accounts/opaqueToken.ts"
export { RESET_LINK_TTL } from "./accounts/passwordResets.ts"
export { describeUserAgent } from "./audit/describeUserAgent.ts"
export type { AuthOptions } from "./authOptions.ts"
export { createBatchedRead } from "./batchedRead.ts"
export type { ClientInfo } from "./clientInfo.ts"
export { type Auth, createAuth } from "./createAuth.ts"
export { createKeyring, type Keyring } from "./crypto/keyring.ts"
export { AuthError, insufficientScope, unauthenticated } from "./errors.ts"
export type { Administrator, NamedOwner } from "./identities/administrator.ts"
export type { Authentication, RejectionCause } from "./identities/authentication.ts"
export type { Caller, Owner } from "./identities/caller.ts"
export type { ConfiguredKeys } from "./identities/configuredKeys.ts"
export type { Identify, Identity } from "./identities/identify.ts"
export type { ScopesOf } from "./identities/narrowScopes.ts"
export { ownerIdOf } from "./identities/ownerIdOf.ts"
export { MAX_CREDENTIAL_LENGTH } from "./identities/readCredential.ts"
export { INTROSPECT, requireScopes } from "./identities/scopes.ts"
export {
  createTrustedIssuers,
  type TrustedIssuers,
} from "./identities/trustedIssuers/createTrustedIssuers.ts"
export {
  parseTrustedIssuers,
  type TrustedIssuer,
  type TrustedIssuerInput,
} from "./identities/trustedIssuers/trustedIssuer.ts"
export type { ActAs, OwnerApiKeys } from "./keys/actAs.ts"
export type { ApiKeys } from "./keys/apiKeys.ts"
export { isImportedPrefix } from "./keys/imported/importedForm.ts"
export {
  type ImportFormat,
  type ImportOptions,
  type ImportResult,
  importKeys,
} from "./keys/imported/importKeys.ts"
export { countCall, type KeyCalls } from "./keys/keyCalls.ts"
export { isKeyPrefix, parseKey } from "./keys/keyFormat.ts"
export { createKeyRateLimits } from "./keys/keyRateLimits.ts"
export { createRevokeWhere } from "./keys/revokeWhere.ts"
export { createScanRules, type ScanRules } from "./keys/scanRules.ts"
export type { ApiKey, CreatedApiKey } from "./keys/toApiKey.ts"
export { addressBlock, siteBlock } from "./limits/addressBlock.ts"
export type { FairQueueUsage, LeavePlace, RunQueued } from "./limits/fairQueue.ts"
export { defaultLimits, multiplyLimits } from "./limits/limits.ts"
export type { RateLimitStatus } from "./limits/rateLimitStatus.ts"
export type { AuthObserver } from "./observer.ts"
export { parseJson } from "./parseJson.ts"
export { sendRequest } from "./sendRequest.ts"
