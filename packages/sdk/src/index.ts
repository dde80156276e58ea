export type { AppRouter } from "./appRouter.ts"
export type { Admin } from "./createAdmin.ts"
export { createLatchkey, type Latchkey } from "./createLatchkey.ts"
export { isApiKey } from "./isApiKey.ts"
export { type Issue, LatchkeyError, type LatchkeyErrorDetails, type LatchkeyReason } from "./latchkeyError.ts"
export type {
  ApiKey,
  ApiKeyList,
  ApiKeyPage,
  AuditEvent,
  AuditKind,
  AuditList,
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
  OwnedApiKeyList,
  OwnedApiKeyPage,
  PasswordChange,
  Session,
  SessionList,
  SignedIn,
  SignInInput,
  User,
  UserList,
  UserPage,
} from "./models.ts"
export type {
  CallOptions,
  LatchkeyOptions,
  LatchkeyResponse,
  Secret,
  SessionOptions,
} from "./options.ts"
