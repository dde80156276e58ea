import type { Reason } from "@latchkey/contract"

/** An error to report to the caller. The message is for people and contains no secrets. */
export class AuthError extends Error {
  override name = "AuthError"
  readonly reason: Reason
  /** The invalid input field. */
  readonly field: string | undefined
  /** Seconds to wait before retrying, if known. */
  readonly retryAfter: number | undefined

  constructor(
    reason: Reason,
    message: string,
    options: ErrorOptions & { field?: string; retryAfter?: number } = {},
  ) {
    super(message, options)
    this.reason = reason
    this.field = options.field
    this.retryAfter = options.retryAfter
  }
}

/** One message for every invalid credential, so that callers can't distinguish the causes. */
export const unauthenticated = () =>
  new AuthError("UNAUTHENTICATED", "A valid access token or API key is required.")

/**
 * Throws unless a change was made.
 *
 * @param notFound the message of `NOT_FOUND`.
 * @throws {AuthError} `UNAUTHENTICATED` if the caller's credential ended before the change, `NOT_FOUND`.
 */
export function requireDone(result: "done" | "notFound" | "ended", notFound = "") {
  if (result === "ended") throw unauthenticated()
  if (result === "notFound") throw new AuthError("NOT_FOUND", notFound)
}
