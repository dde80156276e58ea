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
  /**
   * Somebody asked for a link to set another password: an administrator, the command line, or, by mail, anyone who
   * knows the email.
   */
  | "passwordResetRequested"
  /** A link set another password. */
  | "passwordReset"
  | "emailVerified"
  | "secondFactorEnabled"
  | "secondFactorDisabled"
  /** A wrong code, or a wrong password to change the second factor; grouped like `loginFailed`. */
  | "secondFactorFailed"
  | "recoveryCodesRenewed"
  | "recoveryCodeUsed"
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
  /** A backend created a token for the owner's browser. */
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
  /**
   * `accessToken`: a trusted issuer's. `host`: the host identified the user. `server`: the host's own code, or the
   * command line. `link`: a link that was sent by mail or created by an administrator.
   */
  via:
    | "password"
    | "session"
    | "apiKey"
    | "refreshToken"
    | "accessToken"
    | "ownerToken"
    | "host"
    | "server"
    | "link"
  /**
   * The id of the session or key used, or of the key that created the owner token; null for other credentials and
   * administrators.
   */
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
  /** Only events of this key. */
  apiKeyId?: string | undefined
}

export interface AuditPage {
  items: AuditEvent[]
  /** Null on the last page. */
  nextCursor: string | null
}
