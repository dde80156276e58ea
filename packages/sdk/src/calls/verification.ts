/** A verdict on a key or access token. */
export type Verification =
  | {
      active: true
      /** The owner's id at the issuer. */
      subject: string
      issuer: string
      /** The person who acts for the owner. */
      actor?: string
      /** Null for an access token. */
      apiKeyId: string | null
      scopes: string[]
      metadata?: Record<string, string>
      expiresAt: Date | null
    }
  | {
      active: false
      /** Respond with 401, 403 or 429. */
      reason: "INVALID" | "INSUFFICIENT_SCOPE" | "RATE_LIMITED"
    }

export interface VerifyOptions {
  /** Without a verdict: `throw` the `LatchkeyError`, for you to respond with 503, or `deny` as `INVALID`. */
  onUnavailable: "deny" | "throw"
  /** The caller needs all of these. */
  scope?: string | readonly string[] | undefined
  /** Your client's IP address, for keys that are limited to addresses. */
  address?: string | undefined
  /** Milliseconds, including retries; default 1,000. */
  timeout?: number | undefined
}

/**
 * Asks whether a key or access token (without `Bearer`) is valid now. Needs a client with an `apiKey` that has the scope
 * `latchkey:introspect`. Nothing is cached.
 *
 * @throws {LatchkeyError} if there is no verdict (see `onUnavailable`), or if the client itself may not ask.
 */
export type Verify = (credential: string | null | undefined, options: VerifyOptions) => Promise<Verification>
