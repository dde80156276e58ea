import pino, { type Logger } from "pino"

export type Log = Logger

export const createLog = (level: string): Log => pino({ level, base: null })

interface DescribedError {
  type: string
  code?: string
  message?: string
  at?: string[]
  cause?: DescribedError
}

/**
 * An error for the log. The messages of database errors are left out, and with them those of what wraps them:
 * they repeat values, such as an email or a hash. A type, a code and the place in the source are enough to find it.
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
    ...(mayTell(error) && { message: error.message }),
    ...(at && { at }),
    ...(cause && { cause }),
  }
}

/** Our own errors and the language's are written to hold no value; a database's and a parser's are not. */
function mayTell(error: Error) {
  return ["AuthError", "DatabaseUnavailable", "TypeError", "RangeError", "ReferenceError"].includes(
    error.name,
  )
}
