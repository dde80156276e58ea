import { AuthError, DatabaseUnavailable } from "@latchkey/auth"
import { REASONS, type Reason } from "@latchkey/contract"
import { getTRPCErrorFromUnknown, TRPCError } from "@trpc/server"
import { ZodError } from "zod"

export interface Issue {
  path: (string | number)[]
  message: string
}

/** All that a client learns of an error. */
export interface Failure {
  reason: Reason
  code: (typeof REASONS)[Reason]["code"]
  status: (typeof REASONS)[Reason]["status"]
  message: string
  issues?: Issue[]
  /** False where the call certainly changed nothing, so that repeating it is harmless, whatever it does. */
  begun?: false
  /** Seconds after which it is worth trying again, where that is known. */
  retryAfter?: number
}

export const failure = (reason: Reason, message: string, issues?: Issue[]): Failure => ({
  code: REASONS[reason].code,
  reason,
  message,
  status: REASONS[reason].status,
  ...(issues && { issues }),
})

/**
 * Translates any error for the client, here and nowhere else. What is not known to be meant for clients becomes
 * `INTERNAL`: messages of SQL, causes and stacks stay inside.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof AuthError) {
    const issues = error.field === undefined ? undefined : [{ path: [error.field], message: error.message }]
    // Whoever throws one of these has not come to its first write.
    return {
      ...failure(error.reason, error.message, issues),
      ...((error.reason === "UNAVAILABLE" || error.reason === "RATE_LIMITED") && { begun: false }),
      ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
    }
  }
  if (error instanceof DatabaseUnavailable) {
    return failure("UNAVAILABLE", "The service can't answer right now; try again shortly.")
  }
  if (error instanceof TRPCError) {
    const isKnown = error.cause instanceof AuthError || error.cause instanceof DatabaseUnavailable
    return isKnown ? failureOf(error.cause) : failureOfTrpc(error)
  }
  return failure("INTERNAL", "Something went wrong on our side.")
}

/** An error with tRPC's code for it. The message is the one that clients see. */
export function toTrpcError(error: unknown): TRPCError {
  const known = error instanceof TRPCError ? error.cause : error
  if (!(known instanceof AuthError || known instanceof DatabaseUnavailable))
    return getTRPCErrorFromUnknown(error)
  const { code, message } = failureOf(known)
  return new TRPCError({ code, message, cause: known })
}

function failureOfTrpc(error: TRPCError): Failure {
  switch (error.code) {
    case "BAD_REQUEST":
    case "PARSE_ERROR":
      return error.cause instanceof ZodError
        ? invalidInput(error.cause.issues.map(toIssue))
        : failure("INVALID_INPUT", "The request could not be read; send JSON as the documentation shows.")
    case "NOT_FOUND":
      return failure("NOT_FOUND", "There is nothing at this path.")
    case "METHOD_NOT_SUPPORTED":
      return failure("METHOD_NOT_ALLOWED", "This path does not answer to this method.")
    case "UNSUPPORTED_MEDIA_TYPE":
      return failure("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
    case "PAYLOAD_TOO_LARGE":
      return failure("TOO_LARGE", "The body is too large.")
    default:
      // A result that does not fit its declared output has a ZodError for a cause too; that one is our bug.
      return failureOf(error.cause instanceof ZodError ? undefined : error.cause)
  }
}

/** Bad input, with a message that names every field at fault. */
export function invalidInput(issues: Issue[]): Failure {
  const message = issues.map(({ path, message }) => `${path.join(".") || "input"}: ${message}`).join("; ")
  return failure("INVALID_INPUT", message, issues)
}

function toIssue(issue: ZodError["issues"][number]): Issue {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)))
  return { path, message: issue.code === "unrecognized_keys" ? unrecognized(issue.keys) : issue.message }
}

/** The names come from the client and could be anything, so only those that look like names are repeated. */
function unrecognized(keys: readonly string[]) {
  const names = keys.filter((key) => /^[A-Za-z_]\w{0,29}$/.test(key)).slice(0, 5)
  return names.length === 0
    ? "has a field that is not known"
    : `has a field that is not known: ${names.join(", ")}`
}
