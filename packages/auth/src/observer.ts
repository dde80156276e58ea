/** What a request said who it is by. */
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

/** Three queues: one can be full while the others are idle. */
export type BcryptPurpose = "key" | "newKey" | "password"

export type BcryptResult = "hashed" | "match" | "mismatch" | "refused" | "failed"

/** Told of what happens, for counting. No argument is a user's, a key's or a request's own. */
export interface AuthObserver {
  verdict(credential: CredentialKind, verdict: Verdict): void
  /** How many calls shared a read. */
  batch(of: "apiKeys" | "sessions", size: number): void
  /** A bcrypt is asked for, and waits or runs until `bcryptEnded`. */
  bcryptBegan(purpose: BcryptPurpose): void
  /** @param seconds its waiting included. */
  bcryptEnded(purpose: BcryptPurpose, result: BcryptResult, seconds: number): void
}
