/** The owner of a valid credential, and what it may do; or why it is refused. */
export type Verification =
  | {
      active: true
      /** The owner's id at the issuer. */
      subject: string
      /** Who vouches for the owner: `latchkey` for Latchkey's own accounts. */
      issuer: string
      /** The person who acts for the owner, if that is somebody else. */
      actor?: string
      /** Null for an access token. */
      apiKeyId: string | null
      scopes: string[]
      /** What your product has stored with the key. */
      metadata?: Record<string, string>
      expiresAt: Date | null
    }
  | {
      active: false
      /** Respond with 401, 403 or 429. */
      reason: "INVALID" | "INSUFFICIENT_SCOPE" | "RATE_LIMITED"
    }

export interface VerifyOptions {
  /**
   * If there is no verdict, because Latchkey does not answer in time or is unavailable: `throw` its `LatchkeyError`, so
   * that you can respond with 503, or `deny` with the reason `INVALID`.
   */
  onUnavailable: "deny" | "throw"
  /** The scopes that the credential must have: all of them. */
  scope?: string | readonly string[] | undefined
  /** Your client's IP address, which keys that are limited to addresses need. */
  address?: string | undefined
  /** Milliseconds, including retries; default 1,000. */
  timeout?: number | undefined
}

/**
 * Asks whether a key or access token that your API has received is valid now. Nothing is cached. The client itself needs
 * an `apiKey` with the scope `latchkey:introspect`.
 *
 * @param credential the key or token alone, without `Bearer`. Null or undefined is `INVALID`.
 * @throws {LatchkeyError} with `onUnavailable: "throw"`, why there is no verdict. Always: `UNAUTHENTICATED`, `FORBIDDEN`
 * or `INSUFFICIENT_SCOPE` if the client itself may not ask, `INVALID_INPUT` if `address` is not an IP address.
 */
export type Verify = (credential: string | null | undefined, options: VerifyOptions) => Promise<Verification>
