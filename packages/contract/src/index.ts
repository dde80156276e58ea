export { isApiKey, lookupIdOf, startOf } from "./apiKeyFormat.ts"
export { normalizeEmailPrefix, normalizeKnownEmail } from "./email.ts"
export type {
  ApiKey,
  ApiKeyPage,
  AuditEvent,
  AuditKind,
  AuditPage,
  CookieSignedIn,
  CookieSignInInput,
  CreateApiKeyInput,
  CreatedApiKey,
  ListApiKeysInput,
  ListAuditInput,
  ListedUser,
  ListOwnedApiKeysInput,
  ListUsersInput,
  Me,
  OwnedApiKey,
  OwnedApiKeyPage,
  PasswordChange,
  Session,
  SessionList,
  SignedIn,
  SignInInput,
  User,
  UserPage,
} from "./models.ts"
export { isReason, REASONS, type Reason } from "./reasons.ts"
