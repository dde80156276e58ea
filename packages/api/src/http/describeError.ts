interface DescribedError {
  type: string
  code?: string
  message?: string
  at?: string[]
  cause?: DescribedError
}

/**
 * Describes an error for the log, without the messages of other libraries' errors: a database's messages contain values
 * such as emails and hashes. The type, code and stack are enough to find the cause.
 */
export function describeError(error: unknown): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error }
  const cause = error.cause === undefined ? undefined : describeError(error.cause)
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined
  const at = error.stack
    ?.split("\n")
    .filter((line) => line.startsWith("    at "))
    .slice(0, 8)
    .map((line) => line.slice(7))
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    ...(isSafeToLog(error) && { message: error.message }),
    ...(at && { at }),
    ...(cause && { cause }),
  }
}

/** Latchkey's own messages never contain values. Others may, such as a URL with a password. */
const isSafeToLog = (error: Error) => error.name === "AuthError" || error.name === "DatabaseUnavailable"
