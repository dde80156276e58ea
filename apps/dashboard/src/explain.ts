import { LatchkeyError } from "@latchkey/sdk"

/** What went wrong, for a person, with what can be done about it. */
export function explain(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return "Something went wrong in this page. Reload it and try again."
  switch (error.reason) {
    case "NETWORK":
    case "TIMEOUT":
      return navigator.onLine
        ? "The server can’t be reached. Try again in a moment."
        : "You’re offline. Try again once you’re connected."
    case "UNAVAILABLE":
      return "The server can’t answer right now. Try again in a moment."
    case "LOGIN_FAILED":
    case "EMAIL_TAKEN":
    case "KEY_LIMIT_REACHED":
    case "FORBIDDEN":
      return error.message
    case "UNAUTHENTICATED":
      return "Your session has ended. Sign in again."
    case "INTERNAL":
      return `Something went wrong on the server. Its number is ${error.requestId ?? "unknown"}.`
    default:
      return error.message
  }
}

/**
 * The server's words about a field, as a sentence about what the field is called here: `password is among the most
 * common passwords` becomes `Password is among the most common passwords.` Whole sentences stay as they are.
 */
export function explainField(error: unknown, field: string, label: string): string | undefined {
  if (!(error instanceof LatchkeyError)) return undefined
  const issue = error.issues?.find(({ path }) => path[0] === field)
  if (!issue) return undefined
  if (/^[A-Z]/.test(issue.message)) return issue.message
  const rest = issue.message.replace(new RegExp(`^${field} `), "")
  return `${label} ${rest}.`
}

/** Whether what is wrong stands beside a field, and need not be told again. */
export const isAboutFields = (error: unknown, fields: readonly string[]) =>
  error instanceof LatchkeyError && (error.issues ?? []).some(({ path }) => fields.includes(String(path[0])))
