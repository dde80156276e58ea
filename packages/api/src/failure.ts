import { AuthError, DatabaseUnavailable } from "@latchkey/auth"
import { REASONS, type Reason, type SecondFactorMethod } from "@latchkey/contract"
import { getTRPCErrorFromUnknown, TRPCError } from "@trpc/server"
import { ZodError } from "zod"

export interface Issue {
  path: (string | number)[]
  message: string
}

/** An error as the client sees it. */
export interface Failure {
  reason: Reason
  code: (typeof REASONS)[Reason]["code"]
  status: (typeof REASONS)[Reason]["status"]
  message: string
  issues?: Issue[]
  /**
   * False if the call certainly changed nothing, so that any call can be retried safely. True if the call has, or may
   * have, changed something: repeat it.
   */
  begun?: boolean
  /** Seconds to wait before retrying, if known. */
  retryAfter?: number
  /** Whose limit was exceeded, if the call is about somebody else's key: the limit of that key, or the caller's. */
  limit?: "key" | "caller"
  /** With `SECOND_FACTOR_REQUIRED`: what the next call has to present along with a code. */
  challenge?: string
  /** With `SECOND_FACTOR_REQUIRED`: which codes can complete the sign-in. */
  methods?: readonly SecondFactorMethod[]
  /** The scopes that the call needs, for the challenge. */
  scope?: readonly string[]
}

/** A failure with the code and status that the contract assigns to its reason. */
export const failure = (reason: Reason, message: string, issues?: Issue[]): Failure => ({
  code: REASONS[reason].code,
  reason,
  message,
  status: REASONS[reason].status,
  ...(issues && { issues }),
})

/**
 * Translates any error into what the client may see. Errors that are not meant for clients become `INTERNAL`, so SQL
 * messages, causes and stacks never leave the server.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof AuthError) {
    const issues = error.field === undefined ? undefined : [{ path: [error.field], message: error.message }]
    // Unless the error says otherwise, both reasons are thrown only before a call's first write.
    return {
      ...failure(error.reason, error.message, issues),
      ...((error.reason === "UNAVAILABLE" || error.reason === "RATE_LIMITED") && { begun: error.begun }),
      ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
      ...(error.limit && { limit: error.limit }),
      ...error.secondFactor,
      ...(error.scope && { scope: error.scope }),
    }
  }
  if (error instanceof DatabaseUnavailable) {
    if (!error.begun)
      return failure("UNAVAILABLE", "The service is temporarily unavailable; try again shortly.")
    return {
      ...failure(
        "UNAVAILABLE",
        "The change was made, or may have been, but it is not guaranteed yet; repeat the call.",
      ),
      begun: true,
    }
  }
  if (error instanceof TRPCError) {
    const isKnown = error.cause instanceof AuthError || error.cause instanceof DatabaseUnavailable
    return isKnown ? failureOf(error.cause) : failureOfTrpc(error)
  }
  return failure("INTERNAL", "An internal error occurred.")
}

/** Converts an error into a `TRPCError` with the matching code and the message for clients. */
export function toTrpcError(error: unknown): TRPCError {
  const known = error instanceof TRPCError ? error.cause : error
  if (!(known instanceof AuthError || known instanceof DatabaseUnavailable))
    return getTRPCErrorFromUnknown(error)
  const { code, message } = failureOf(known)
  return new TRPCError({ code, message, cause: known })
}

/** Enough to correct an input. A long list could have an issue for each of its items. */
const MAX_ISSUES = 20

function failureOfTrpc(error: TRPCError): Failure {
  switch (error.code) {
    case "BAD_REQUEST":
    case "PARSE_ERROR":
      return error.cause instanceof ZodError
        ? invalidInput(error.cause.issues.slice(0, MAX_ISSUES).map(toIssue))
        : failure("INVALID_INPUT", "The request could not be parsed; send JSON as documented.")
    case "NOT_FOUND":
      return failure("NOT_FOUND", "This path does not exist.")
    case "METHOD_NOT_SUPPORTED":
      return failure("METHOD_NOT_ALLOWED", "This path does not support this method.")
    case "UNSUPPORTED_MEDIA_TYPE":
      return failure("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
    case "PAYLOAD_TOO_LARGE":
      return failure("TOO_LARGE", "The body is too large.")
    default:
      // A ZodError with any other code means that a result violates its declared output, which is a bug.
      return failureOf(error.cause instanceof ZodError ? undefined : error.cause)
  }
}

/** `INVALID_INPUT`, with a message that names every invalid field. */
export function invalidInput(issues: Issue[]): Failure {
  const message = issues.map(({ path, message }) => `${path.join(".") || "input"}: ${message}`).join("; ")
  return failure("INVALID_INPUT", message, issues)
}

function toIssue(issue: ZodError["issues"][number]): Issue {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)))
  return { path, message: issue.code === "unrecognized_keys" ? unrecognized(issue.keys) : issue.message }
}

/** Clients choose the names, which may be secrets, so the message repeats only names that look like identifiers. */
function unrecognized(keys: readonly string[]) {
  const names = keys.filter((key) => /^[A-Za-z_]\w{0,29}$/.test(key)).slice(0, 5)
  return names.length === 0 ? "has an unknown field" : `has an unknown field: ${names.join(", ")}`
}
