/** The kind of credential in a request. */
export type CredentialKind = "apiKey" | "accessToken" | "none"

/**
 * What became of a credential. Rejections look alike to the caller, not to who runs the service:
 * `malformed` has not the form of a credential; `unknown` has no active row, so it may be revoked, expired or of a
 * disabled user; `mismatch` has a row and another secret; `invalid` is an access token that we did not sign or that
 * has expired; `ended` one of a session that has.
 */
export type Verdict =
  | "accepted"
  | "malformed"
  | "unknown"
  | "mismatch"
  | "invalid"
  | "ended"
  | "none"
  | "ambiguous"
  | "unavailable"

/** There are three queues; one can be full while the others are idle. */
export type BcryptPurpose = "key" | "newKey" | "password"

export type BcryptResult = "hashed" | "match" | "mismatch" | "refused" | "failed"

/** Receives events for metrics. No argument identifies a user, key or request. */
export interface AuthObserver {
  verdict(credential: CredentialKind, verdict: Verdict): void
  /** The number of calls that shared a read. */
  batch(of: "apiKeys" | "sessions", size: number): void
  /** A bcrypt was requested; it waits or runs until `bcryptEnded`. */
  bcryptBegan(purpose: BcryptPurpose): void
  /** @param seconds including the wait. */
  bcryptEnded(purpose: BcryptPurpose, result: BcryptResult, seconds: number): void
}
