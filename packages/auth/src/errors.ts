import type { Reason } from "@latchkey/contract"

/** A failure that the caller is meant to see. The message is for a person and holds nothing secret. */
export class AuthError extends Error {
  override name = "AuthError"
  readonly reason: Reason
  /** The input field at fault. */
  readonly field: string | undefined
  /** Seconds after which it is worth trying again, where that is known. */
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

/** One message for every credential that is not valid, so that the cause can't be told from outside. */
export const unauthenticated = () =>
  new AuthError("UNAUTHENTICATED", "A valid access token or API key is required.")

/**
 * Turns the result of a change into an error unless it was done.
 *
 * @param notFound what to say when there is nothing of that id.
 * @throws {AuthError} `UNAUTHENTICATED` for a caller whose credential has ended meanwhile, `NOT_FOUND`.
 */
export function requireDone(result: "done" | "notFound" | "ended", notFound = "") {
  if (result === "ended") throw unauthenticated()
  if (result === "notFound") throw new AuthError("NOT_FOUND", notFound)
}
