import { LatchkeyError } from "@latchkey/sdk"

/** Explains an error to the user, and what they can do about it. */
export function explain(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return "Something went wrong on this page. Reload it and try again."
  switch (error.reason) {
    case "NETWORK":
    case "TIMEOUT":
      return navigator.onLine
        ? "The server can’t be reached. Try again in a moment."
        : "You’re offline. Try again once you’re connected."
    case "UNAVAILABLE":
      return "The server is temporarily unavailable. Try again in a moment."
    case "LOGIN_FAILED":
    case "EMAIL_TAKEN":
    case "KEY_LIMIT_REACHED":
    case "ALREADY_REPLACED":
    case "FORBIDDEN":
      return error.message
    case "UNAUTHENTICATED":
      return "Your session has ended. Sign in again."
    case "INTERNAL":
      return `Something went wrong on the server. Request ID: ${error.requestId ?? "unknown"}.`
    default:
      return error.message
  }
}

/**
 * Turns the server's message about a field into a sentence that starts with the field's label: `password is among the
 * most common passwords` becomes `Password is among the most common passwords.` Full sentences are left unchanged.
 */
export function explainField(error: unknown, field: string, label: string): string | undefined {
  if (!(error instanceof LatchkeyError)) return undefined
  const issue = error.issues?.find(({ path }) => path[0] === field)
  if (!issue) return undefined
  if (/^[A-Z]/.test(issue.message)) return issue.message
  const problem = issue.message.replace(new RegExp(`^${field} `), "")
  return `${label} ${problem}.`
}

/** Whether an error is already shown next to one of these fields. */
export const isAboutFields = (error: unknown, fields: readonly string[]) =>
  error instanceof LatchkeyError && (error.issues ?? []).some(({ path }) => fields.includes(String(path[0])))
