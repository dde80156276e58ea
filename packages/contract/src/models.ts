/** A person with an account. */
export interface User {
  id: string
  email: string
  role: "user" | "admin"
  createdAt: Date
}

/** Who is calling, and by which credential. */
export interface Me extends User {
  /** `jwt`: an access token, which a session holds too. */
  via: "jwt" | "apiKey"
  /** The id of the key that was used, when one was. */
  apiKeyId?: string | undefined
}

export interface SignInInput {
  email: string
  password: string
}

/**
 * Keeps the refresh token from the page's scripts, in a cookie that only `auth.refresh` and `auth.logout` read. For
 * pages that the server itself serves.
 */
export interface CookieSignInInput extends SignInInput {
  session: "cookie"
}

/** What signing in, registering and refreshing give. */
export interface SignedIn {
  user: User
  /** A JWT, good for minutes. */
  accessToken: string
  accessTokenExpiresAt: Date
  /** Buys the next pair, once. Store the newest; presenting an older one ends the session. */
  refreshToken: string
}

/** The same where the cookie has the refresh token. */
export type CookieSignedIn = Omit<SignedIn, "refreshToken">

export interface PasswordChange {
  currentPassword: string
  newPassword: string
}

export interface CreateApiKeyInput {
  /** The user's name for the key: 1 to 100 characters. */
  label: string
  /** When the key stops working: a `Date`, or ISO 8601 with a zone. Left out or null: never. */
  expiresAt?: Date | string | null | undefined
}

/** A key as lists show it, without its secret. */
export interface ApiKey {
  id: string
  label: string
  /** The key's first 8 characters, to tell keys apart by. */
  start: string
  createdAt: Date
  /** To within a few seconds; null when the key was never used. */
  lastUsedAt: Date | null
  /** Null when the key does not expire. */
  expiresAt: Date | null
  /** Null while the key is not revoked. */
  revokedAt: Date | null
}

/** A key that was just created: the only time it is shown. */
export interface CreatedApiKey extends Omit<ApiKey, "lastUsedAt" | "revokedAt"> {
  /** The key itself. Latchkey keeps no copy. */
  key: string
}

export interface ListApiKeysInput {
  /** The `nextCursor` of an earlier page; left out, the list begins with the newest key. */
  cursor?: string | null | undefined
  /** How many keys a page holds: 1 to 100, 50 unless told. */
  limit?: number | undefined
  /** `all`: those that were revoked or have expired as well. */
  status?: "active" | "all" | undefined
  /** Text somewhere in the label, whatever its case. */
  search?: string | undefined
}

/** A user as administrators see them. */
export interface ListedUser extends User {
  /** Null while the user is enabled. */
  disabledAt: Date | null
  /** How many keys of theirs have neither been revoked nor expired. */
  activeKeys: number
}

export interface ListUsersInput {
  /** The `nextCursor` of an earlier page; left out, the list begins with the newest user. */
  cursor?: string | null | undefined
  /** How many users a page holds: 1 to 100, 50 unless told. */
  limit?: number | undefined
  /** All unless told. */
  status?: "all" | "enabled" | "disabled" | undefined
  /** How the email begins, whatever its case. */
  search?: string | undefined
}

export interface UserPage {
  items: ListedUser[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** A key as administrators see it. */
export interface OwnedApiKey extends ApiKey {
  /** No key of a user who is disabled is accepted. */
  owner: { id: string; email: string; disabledAt: Date | null }
}

export interface ListOwnedApiKeysInput extends Omit<ListApiKeysInput, "search"> {
  /** Those of one user. */
  userId?: string | null | undefined
  /**
   * How the label begins, whatever its case; or the owner's whole email; or the key's id, or its first 8 characters
   * or more. Of a whole key no more than its first 16 characters, which are not secret, are sent.
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
  /** What signed in, such as "Chrome on Linux"; null when it did not say. */
  device: string | null
  createdAt: Date
  /** When it last got an access token, so to within that token's lifetime. */
  lastUsedAt: Date
  /** Whether it is the one that asks. */
  current: boolean
}

export interface SessionList {
  /** The session that asks, then the others, used last first. */
  items: Session[]
}

export type AuditKind =
  | "registered"
  | "loggedIn"
  /** A wrong password. Failures from one address within an hour are one event, and `count` says how many. */
  | "loginFailed"
  /** A refresh token that was replaced before: somebody has a copy, and the session was ended. */
  | "refreshTokenReused"
  | "loggedOut"
  | "sessionRevoked"
  /** `count` says how many. */
  | "otherSessionsRevoked"
  | "passwordChanged"
  /** A wrong current password; summed up as `loginFailed` is. */
  | "passwordChangeFailed"
  | "apiKeyCreated"
  | "apiKeyRevoked"
  | "userDisabled"
  | "userEnabled"

/** Something that happened to an account. */
export interface AuditEvent {
  id: string
  kind: AuditKind
  createdAt: Date
  /** The last of those that the event sums up; else the same as `createdAt`. */
  lastAt: Date
  /** How many failures the event sums up, or how many sessions ended; else 1. */
  count: number
  via: "password" | "session" | "apiKey" | "refreshToken"
  /** The id of the session or key that it was done with; null for a password and for an administrator's. */
  credentialId: string | null
  byAdministrator: boolean
  /** The IP address; null for an administrator's, and where failures came from too many to keep each. */
  address: string | null
  /** Such as "Chrome on Linux"; null when it did not say, or where `address` is. */
  device: string | null
  requestId: string
  /** The session or key that it was done to, with its device or label as it was then. */
  subject: { id: string; label: string | null } | null
}

export interface ListAuditInput {
  /** The `nextCursor` of an earlier page; left out, the list begins with the newest event. */
  cursor?: string | null | undefined
  /** How many events a page holds: 1 to 100, 50 unless told. */
  limit?: number | undefined
  /** Events of this kind alone. */
  kind?: AuditKind | undefined
}

export interface AuditPage {
  items: AuditEvent[]
  /** Null on the last page. */
  nextCursor: string | null
}
