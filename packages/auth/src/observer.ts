/**
 * The kind of credential in a request. `ownerToken`: a JWT for the key routes of an owner. `host`: the host's own
 * credentials.
 */
export type CredentialKind = "apiKey" | "accessToken" | "ownerToken" | "host" | "none"

/**
 * The outcome of checking a credential. All rejections look the same to the caller, but operators see the cause:
 * - `malformed`: the text does not have the format of a credential.
 * - `unknown`: the key has no active row. It may be revoked or expired, or its owner may be disabled.
 * - `mismatch`: the key has a row, but its secret is wrong.
 * - `invalid`: the token has expired, or was not signed by this service.
 * - `ended`: the token's session has ended, its owner is disabled, or the key that created it may no longer manage.
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
  batch(of: ReadOf, size: number): void
  /** A call was answered by a row in memory, while a lease is held. */
  remembered(of: ReadOf): void
  /** A bcrypt was requested; it waits or runs until `bcryptEnded`. */
  bcryptBegan(purpose: BcryptPurpose): void
  /** @param seconds including the time in the queue. */
  bcryptEnded(purpose: BcryptPurpose, result: BcryptResult, seconds: number): void
  reads?: ReadTracer | undefined
}

/** The kinds of rows whose reads are shared. */
export type ReadOf = "apiKeys" | "sessions" | "owners"

/** Follows calls into the reads that they share. */
export interface ReadTracer {
  /** The origin of a call, recorded when it asks for a row. */
  origin(): unknown
  /** Runs the read of the calls with these origins. */
  follow<Rows>(of: ReadOf, origins: readonly unknown[], read: () => Promise<Rows>): Promise<Rows>
}

/** The part of an observer that watches one batched read. */
export interface BatchWatch {
  onBatch(size: number): void
  onRemembered(): void
  origin?: (() => unknown) | undefined
  follow?: (<Rows>(origins: readonly unknown[], read: () => Promise<Rows>) => Promise<Rows>) | undefined
}

/** Returns undefined without an observer, so that nothing is watched. */
export function watchBatches(observer: AuthObserver | undefined, of: ReadOf): BatchWatch | undefined {
  if (!observer) return undefined
  const { reads } = observer
  const onBatch = (size: number) => observer.batch(of, size)
  const onRemembered = () => observer.remembered(of)
  if (!reads) return { onBatch, onRemembered }
  return {
    onBatch,
    onRemembered,
    origin: reads.origin,
    follow: (origins, read) => reads.follow(of, origins, read),
  }
}
