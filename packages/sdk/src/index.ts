export type {
  Account,
  ApiKey,
  ApiKeyChange,
  ApiKeyPage,
  ApiKeyUsage,
  AuditEvent,
  AuditKind,
  AuditPage,
  CookieSecondFactorAnswer,
  CookieSignedIn,
  CookieSignInInput,
  CreateApiKeyInput,
  CreatedApiKey,
  CreateOwnerTokenInput,
  CurrentPassword,
  DailyUsage,
  ListApiKeysInput,
  ListAuditInput,
  ListedUser,
  ListOwnedApiKeysInput,
  ListUsersInput,
  Me,
  OwnedApiKey,
  OwnedApiKeyPage,
  Owner,
  OwnerToken,
  PasswordChange,
  PasswordReset,
  RateLimit,
  RecoveryCodes,
  ResetLink,
  RevokeWhereConditions,
  RevokeWherePreview,
  RevokeWhereResult,
  RotateApiKeyInput,
  SecondFactorAnswer,
  SecondFactorCode,
  SecondFactorMethod,
  Session,
  SessionList,
  SignedIn,
  SignInInput,
  TotpSetup,
  UpdateApiKeyInput,
  UsageOfApiKeys,
  UsageOfApiKeysInput,
  User,
  UserPage,
  UserReference,
} from "@latchkey/contract"
export { isApiKey } from "@latchkey/contract"
export type { AppRouter } from "./appRouter.ts"
export type { Admin } from "./calls/createAdmin.ts"
export type { ApiKeys, CallersApiKeys } from "./calls/createApiKeys.ts"
export type { As, ForOwner } from "./calls/createAs.ts"
export type { ApiKeyRotation, ApiKeyUpdate, NewApiKey } from "./calls/expiry.ts"
export type { ApiKeyList, AuditList, OwnedApiKeyList, UserList } from "./calls/lists.ts"
export type { Verification, Verify, VerifyOptions } from "./calls/verification.ts"
export { createLatchkey, type Latchkey } from "./createLatchkey.ts"
export { type Issue, LatchkeyError, type LatchkeyErrorDetails, type LatchkeyReason } from "./latchkeyError.ts"
export type {
  CallOptions,
  CustomHeaders,
  LatchkeyOptions,
  LatchkeyResponse,
  Secret,
  SessionOptions,
} from "./options.ts"
