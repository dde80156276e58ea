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
export type { Admin } from "./createAdmin.ts"
export type { ApiKeys, CallersApiKeys } from "./createApiKeys.ts"
export type { As, ForOwner } from "./createAs.ts"
export { createLatchkey, type Latchkey } from "./createLatchkey.ts"
export type { ApiKeyRotation, ApiKeyUpdate, NewApiKey } from "./expiry.ts"
export { type Issue, LatchkeyError, type LatchkeyErrorDetails, type LatchkeyReason } from "./latchkeyError.ts"
export type { ApiKeyList, AuditList, OwnedApiKeyList, UserList } from "./lists.ts"
export type {
  CallOptions,
  CustomHeaders,
  LatchkeyOptions,
  LatchkeyResponse,
  Secret,
  SessionOptions,
} from "./options.ts"
export type { Verification, Verify, VerifyOptions } from "./verification.ts"
