import type { Reason, SecondFactorMethod } from "@latchkey/contract"

export type { SecondFactorMethod }

/** An error to report to the caller. The message is for people and contains no secrets. */
export class AuthError extends Error {
  override name = "AuthError"
  readonly reason: Reason
  /** The invalid input field. */
  readonly field: string | undefined
  /** Seconds to wait before retrying, if known. */
  readonly retryAfter: number | undefined
  /** Whose limit was exceeded, if the call is about somebody else's key: the limit of that key, or the caller's. */
  readonly limit: "key" | "caller" | undefined
  /** Whether the call has, or may have, changed something already. */
  readonly begun: boolean
  /** The scopes that the call needs. */
  readonly scope: readonly string[] | undefined
  /** How a sign-in can be completed. */
  readonly secondFactor: { challenge: string; methods: readonly SecondFactorMethod[] } | undefined

  constructor(
    reason: Reason,
    message: string,
    options: ErrorOptions & {
      field?: string
      retryAfter?: number
      limit?: "key" | "caller"
      begun?: boolean
      scope?: readonly string[]
      secondFactor?: { challenge: string; methods: readonly SecondFactorMethod[] }
    } = {},
  ) {
    super(message, options)
    this.reason = reason
    this.field = options.field
    this.retryAfter = options.retryAfter
    this.limit = options.limit
    this.begun = options.begun ?? false
    this.scope = options.scope
    this.secondFactor = options.secondFactor
  }
}

/** One message for every invalid credential, so that callers can't distinguish the causes. */
export const unauthenticated = () =>
  new AuthError("UNAUTHENTICATED", "A valid access token or API key is required.")

/** For a caller that lacks one of the scopes that a call needs. */
export const insufficientScope = (scope: readonly string[]) =>
  new AuthError("INSUFFICIENT_SCOPE", `This needs the scope ${scope.join(" ")}.`, { scope })

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
