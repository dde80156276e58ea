/**
 * The kind of credential in a request. `ownerToken`: a JWT for the key routes of an owner. `host`: whatever the host
 * identifies its users by.
 */
export type CredentialKind = "apiKey" | "accessToken" | "ownerToken" | "host" | "none"

/**
 * The outcome of checking a credential. All rejections look the same to the caller, but operators see the cause:
 * - `malformed`: the text does not have the format of a credential.
 * - `unknown`: the key has no active row. It may be revoked or expired, or its owner may be disabled.
 * - `mismatch`: the key has a row, but its secret is wrong.
 * - `invalid`: the token has expired, or was not signed by this service.
 * - `ended`: the token's session has ended, its owner is disabled, or the key that made it no longer manages.
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

/** Each purpose has its own queue. */
export type BcryptPurpose = "key" | "importedKey" | "newKey" | "password"

export type BcryptResult = "hashed" | "match" | "mismatch" | "refused" | "failed"

/** Receives events for metrics. No argument identifies a user, key or request. */
export interface AuthObserver {
  verdict(credential: CredentialKind, verdict: Verdict): void
  /** The number of calls that shared a read. */
  batch(of: "apiKeys" | "sessions" | "owners", size: number): void
  /** A bcrypt was requested; it waits or runs until `bcryptEnded`. */
  bcryptBegan(purpose: BcryptPurpose): void
  /** @param seconds including the time in the queue. */
  bcryptEnded(purpose: BcryptPurpose, result: BcryptResult, seconds: number): void
}
