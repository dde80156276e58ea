export type {
  Account,
  CookieSecondFactorAnswer,
  CookieSignedIn,
  CookieSignInInput,
  CurrentPassword,
  PasswordChange,
  PasswordReset,
  RecoveryCodes,
  ResetLink,
  SecondFactorAnswer,
  SecondFactorCode,
  SecondFactorMethod,
  SignedIn,
  SignInInput,
  TotpSetup,
} from "./accountModels.ts"
export type {
  ListedUser,
  ListOwnedApiKeysInput,
  ListUsersInput,
  OwnedApiKey,
  OwnedApiKeyPage,
  RevokeWhereConditions,
  RevokeWhereInput,
  RevokeWherePreview,
  RevokeWhereResult,
  UserPage,
  UserReference,
} from "./adminModels.ts"
export { isApiKey, lookupIdOf, publicPartOf, startOf } from "./apiKeyFormat.ts"
export type {
  ApiKey,
  ApiKeyChange,
  ApiKeyPage,
  ApiKeyUsage,
  ApiKeyUsageInput,
  CreateApiKeyInput,
  CreatedApiKey,
  DailyUsage,
  ListApiKeysInput,
  RateLimit,
  RotateApiKeyInput,
  UpdateApiKeyInput,
  UsageOfApiKeys,
  UsageOfApiKeysInput,
} from "./apiKeyModels.ts"
export type { AuditEvent, AuditKind, AuditPage, ListAuditInput } from "./auditModels.ts"
export { normalizeEmailPrefix, normalizeKnownEmail } from "./email.ts"
export type {
  CreateOwnerTokenInput,
  IntrospectInput,
  Introspection,
  Me,
  Owner,
  OwnerToken,
  Session,
  SessionList,
  User,
} from "./ownerModels.ts"
export { PAGE_SETTINGS_NAME, type PageSettings, type ProductSettings } from "./pageSettings.ts"
export { isReason, REASONS, type Reason } from "./reasons.ts"
