/** A person with an account. */
export interface User {
  id: string
  email: string
  role: "user" | "admin"
  createdAt: Date
}

/** The caller, and the kind of credential they used. */
export interface Me extends User {
  /** `jwt` for access tokens. */
  via: "jwt" | "apiKey"
  /** The key's id, for calls by API key. */
  apiKeyId?: string | undefined
}

export interface SignInInput {
  email: string
  password: string
}

/**
 * Keeps the refresh token out of reach of scripts, in a cookie that only `auth.refresh` and `auth.logout` read. Only
 * for pages served by the Latchkey server itself.
 */
export interface CookieSignInInput extends SignInInput {
  session: "cookie"
}

/** The result of signing in, registering or refreshing. */
export interface SignedIn {
  user: User
  /** A JWT, valid for minutes. */
  accessToken: string
  accessTokenExpiresAt: Date
  /** Valid for one refresh. Always store the newest: reusing an older one ends the session. */
  refreshToken: string
}

/** The same, with the refresh token in a cookie. */
export type CookieSignedIn = Omit<SignedIn, "refreshToken">

export interface PasswordChange {
  currentPassword: string
  newPassword: string
}

export interface CreateApiKeyInput {
  /** The user's name for the key: 1 to 100 characters. */
  label: string
  /** A `Date`, or ISO 8601 with a zone. Omitted or null: the key never expires. */
  expiresAt?: Date | string | null | undefined
}

/** A key in a list, without its secret. */
export interface ApiKey {
  id: string
  label: string
  /** The key's first 8 characters, for display. */
  start: string
  createdAt: Date
  /** Accurate to a few seconds; null if never used. */
  lastUsedAt: Date | null
  /** Null if the key never expires. */
  expiresAt: Date | null
  /** Null unless revoked. */
  revokedAt: Date | null
}

/** A new key. The plaintext is returned only this once. */
export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself. Latchkey keeps no copy. */
  key: string
}

export interface ListApiKeysInput {
  /** The previous page's `nextCursor`; omit it to start with the newest key. */
  cursor?: string | null | undefined
  /** Keys per page: 1 to 100, default 50. */
  limit?: number | undefined
  /** `all` includes revoked and expired keys. */
  status?: "active" | "all" | undefined
  /** Any part of the label, ignoring case. */
  search?: string | undefined
}

/** A user, as listed for administrators. */
export interface ListedUser extends User {
  /** Null unless disabled. */
  disabledAt: Date | null
  /** The number of keys neither revoked nor expired. */
  activeKeys: number
}

export interface ListUsersInput {
  /** The previous page's `nextCursor`; omit it to start with the newest user. */
  cursor?: string | null | undefined
  /** Users per page: 1 to 100, default 50. */
  limit?: number | undefined
  /** Default `all`. */
  status?: "all" | "enabled" | "disabled" | undefined
  /** A prefix of the email, ignoring case. */
  search?: string | undefined
}

export interface UserPage {
  items: ListedUser[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** A key, as listed for administrators. */
export interface OwnedApiKey extends ApiKey {
  /** While the owner is disabled, their keys are rejected. */
  owner: { id: string; email: string; disabledAt: Date | null }
}

export interface ListOwnedApiKeysInput extends Omit<ListApiKeysInput, "search"> {
  /** Only this user's keys. */
  userId?: string | null | undefined
  /**
   * A prefix of the label, ignoring case; the owner's full email; the key's id; or at least the key's first 8
   * characters. Only the first 16 characters of a key, which are not secret, are sent.
   */
  search?: string | undefined
}

export interface OwnedApiKeyPage {
  items: OwnedApiKey[]
  /** Null on the last page. */
  nextCursor: string | null
}

export interface ApiKeyPage {
  items: ApiKey[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** A sign-in that has neither ended nor expired. */
export interface Session {
  id: string
  /** Such as "Chrome on Linux"; null if unknown. */
  device: string | null
  createdAt: Date
  /** When it last received an access token. */
  lastUsedAt: Date
  /** Whether the call was made with this session. */
  current: boolean
}

export interface SessionList {
  /** The caller's session first, then the others, most recently used first. */
  items: Session[]
}

export type AuditKind =
  | "registered"
  | "loggedIn"
  /** A wrong password. Failures from one address within an hour are grouped into one event. */
  | "loginFailed"
  /** A refresh token was used a second time, so it may have been stolen. The session was ended. */
  | "refreshTokenReused"
  | "loggedOut"
  | "sessionRevoked"
  /** `count` is the number of sessions. */
  | "otherSessionsRevoked"
  /** A sign-in exceeded the limit of live sessions and ended `count` of them, the least recently used. */
  | "oldestSessionsEnded"
  | "passwordChanged"
  /** A wrong current password; grouped like `loginFailed`. */
  | "passwordChangeFailed"
  | "apiKeyCreated"
  | "apiKeyRevoked"
  | "userDisabled"
  | "userEnabled"

/** An event in the audit trail of an account. */
export interface AuditEvent {
  id: string
  kind: AuditKind
  createdAt: Date
  /** The last failure of the group; otherwise the same as `createdAt`. */
  lastAt: Date
  /** Failures in the group, or sessions ended; otherwise 1. */
  count: number
  via: "password" | "session" | "apiKey" | "refreshToken"
  /** The id of the session or key used; null for passwords and administrators. */
  credentialId: string | null
  byAdministrator: boolean
  /** The IP address; null for administrators, and for failures from too many addresses to record. */
  address: string | null
  /** Such as "Chrome on Linux"; null if unknown or if `address` is null. */
  device: string | null
  requestId: string
  /** The session or key affected, with its device or label at the time. */
  subject: { id: string; label: string | null } | null
}

export interface ListAuditInput {
  /** The previous page's `nextCursor`; omit it to start with the newest event. */
  cursor?: string | null | undefined
  /** Events per page: 1 to 100, default 50. */
  limit?: number | undefined
  /** Only events of this kind. */
  kind?: AuditKind | undefined
}

export interface AuditPage {
  items: AuditEvent[]
  /** Null on the last page. */
  nextCursor: string | null
}
