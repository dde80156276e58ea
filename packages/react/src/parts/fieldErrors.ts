import { LatchkeyError } from "@latchkey/sdk"

/** The server's message about a field, as a sentence that starts with the field's label. */
export function fieldError(error: unknown, field: string, label: string): string | undefined {
  if (!(error instanceof LatchkeyError)) return undefined
  const issue = error.issues?.find(({ path }) => path[0] === field)
  if (!issue) return undefined
  if (/^[A-Z]/.test(issue.message)) return issue.message
  return `${label} ${issue.message.replace(new RegExp(`^${field} `), "")}.`
}

/** Whether an error is shown next to one of these fields. */
export const isAboutFields = (error: unknown, fields: readonly string[]): boolean =>
  error instanceof LatchkeyError && (error.issues ?? []).some(({ path }) => fields.includes(String(path[0])))
