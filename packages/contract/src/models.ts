import type { ApiKey, ListApiKeysInput } from "./apiKeyModels.ts"

/** A person with an account. */
export interface User {
  id: string
  email: string
  role: "user" | "admin"
  createdAt: Date
}

/** Whom keys belong to: a person, an organization or a service. */
export interface Owner {
  id: string
  /** Who vouches for the subject: `latchkey` for accounts of Latchkey's own, `host` by default for the host's users. */
  issuer: string
  /** The issuer's own id of the owner. */
  subject: string
  /** Null if unknown. */
  email: string | null
  role: "user" | "admin"
  /** Null if Latchkey has not stored the owner. */
  createdAt: Date | null
}

/** The caller, and the kind of credential they used. */
export interface Me extends Owner {
  /** The person who acts for the owner, if that is somebody else. */
  actor?: string | undefined
  /** The scopes of the credential, among those that the server declares. */
  scopes: string[]
  /** `jwt` for access tokens, `host` for users that the host identifies by its own means, such as a cookie. */
  via: "jwt" | "apiKey" | "host"
  /** The key's id, for calls by API key. */
  apiKeyId?: string | undefined
}

/** A question about a key or JWT that a client has presented to somebody else. */
export interface IntrospectInput {
  token: string
  /** The IP address of that client. */
  address?: string | undefined
}

/** What is known about a key or JWT (RFC 7662, section 2.2). Times are in seconds since 1970. */
export type Introspection =
  | { active: false }
  | {
      active: true
      /** Who vouches for the owner. */
      iss: string
      /** The issuer's own id of the owner. */
      sub: string
      /** The person who acts for the owner, if that is somebody else (RFC 8693, section 4.1). */
      act?: { sub: string } | undefined
      /** The id of the API key, or of the client that a JWT was issued to. */
      client_id?: string | undefined
      /** All scopes, separated by spaces. */
      scope: string
      token_type: "api_key" | "access_token"
      /** When the key was created or the token issued. Absent if the token's issuer does not say. */
      iat?: number | undefined
      exp?: number | undefined
      /** What the product has stored with the key. */
      metadata?: Record<string, string> | undefined
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

export interface CreateOwnerTokenInput {
  /** `read`: the token changes nothing. */
  manage?: "read" | undefined
  /** Seconds that it is valid: 60 to 900, default 300. */
  ttl?: number | undefined
}

/** A token for the browser of an owner. */
export interface OwnerToken {
  /** A JWT that is good for the key routes of the owner alone. */
  accessToken: string
  expiresAt: Date
}

/** A user, as listed for administrators: an own account, or any other owner that Latchkey has stored. */
export interface ListedUser extends Owner {
  createdAt: Date
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
  /** A prefix of the email, or of the subject of a user without an own account; ignoring case. */
  search?: string | undefined
}

/** A user by id, or by who vouches for them. */
export type UserReference = { id: string } | { issuer: string; subject: string }

export interface UserPage {
  items: ListedUser[]
  /** Null on the last page. */
  nextCursor: string | null
}

/** A key, as listed for administrators. */
export interface OwnedApiKey extends ApiKey {
  /** While the owner is disabled, their keys are rejected. */
  owner: Pick<Owner, "id" | "issuer" | "subject" | "email"> & { disabledAt: Date | null }
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

/** Which keys to revoke. A key has to meet all conditions, of which there is at least one. */
export interface RevokeWhereConditions {
  createdBefore?: Date | string | undefined
  createdAfter?: Date | string | undefined
  /** Not used since then. */
  unusedSince?: Date | string | undefined
  /** Who vouches for the owner. */
  issuer?: string | undefined
  /** The issuer's own id of the owner. */
  subject?: string | undefined
  /** The person who created the key, or else the owner's subject. */
  createdBy?: string | undefined
  /** Any part of the label, ignoring case. */
  labelContains?: string | undefined
  /** Also finds keys that have every scope of their owner. */
  scope?: string | undefined
}

/** First a preview of what would be revoked, then its confirmation. */
export type RevokeWhereInput =
  | { where: RevokeWhereConditions; preview: true }
  | { where: RevokeWhereConditions; confirm: string }

export interface RevokeWherePreview {
  /** The number of active keys that match. */
  count: number
  /** Some of them, newest first. */
  sample: OwnedApiKey[]
  /** Confirms the revocation, once, within 10 minutes. */
  confirm: string
}

export interface RevokeWhereResult {
  /** The number of keys that were revoked, earlier attempts included. */
  revoked: number
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
  /** `changes` tells what changed. */
  | "apiKeyUpdated"
  /** Another key replaces the key; `changes` has its id in `replacedBy`, and tells when the old key ends. */
  | "apiKeyRotated"
  | "apiKeyImported"
  /** The key was used from an address that it does not allow; grouped like `loginFailed`. */
  | "apiKeyRefused"
  /** The key was reported as leaked, which revoked it. */
  | "apiKeyLeaked"
  | "apiKeyRevoked"
  /** A backend made a token for the owner's browser. */
  | "ownerTokenCreated"
  | "userDisabled"
  | "userEnabled"
  | "userErased"

/** An event in the audit trail of an account. */
export interface AuditEvent {
  id: string
  kind: AuditKind
  createdAt: Date
  /** The last failure of the group; otherwise the same as `createdAt`. */
  lastAt: Date
  /** Failures in the group, or sessions ended; otherwise 1. */
  count: number
  /** `accessToken`: a trusted issuer's. `host`: the host vouched for the request. `server`: the host's own code. */
  via: "password" | "session" | "apiKey" | "refreshToken" | "accessToken" | "ownerToken" | "host" | "server"
  /** The id of the session or key used, or of the key that made the owner token; null for other credentials and administrators. */
  credentialId: string | null
  /** The person who acted for the owner, if that is somebody else; null for administrators. */
  actor: string | null
  byAdministrator: boolean
  /** The IP address; null for administrators, for changes without a request, and for failures from too many addresses to record. */
  address: string | null
  /** Such as "Chrome on Linux"; null if unknown or if `address` is null. */
  device: string | null
  requestId: string
  /** The session or key affected, with its device or label at the time. */
  subject: { id: string; label: string | null } | null
  /** What an update or a rotation has changed, by the name of the field; null for other events. */
  changes: Record<string, { from: unknown; to: unknown }> | null
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
