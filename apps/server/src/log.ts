import pino, { type Logger } from "pino"
import { createLineWriter } from "./createLineWriter.ts"

export type Log = Logger

export const createLog = (level: string, output = createLineWriter()): Log =>
  pino({ level, base: null }, output)

interface DescribedError {
  type: string
  code?: string
  message?: string
  at?: string[]
  cause?: DescribedError
}

/**
 * An error for the log. The messages of others' errors are left out, those of a database above all: they repeat
 * values, such as an email or a hash. A type, a code and the place in the source are enough to find it.
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

/** Our own errors are written to hold no value. Those of others may repeat one, such as a URL with a password. */
const mayTell = (error: Error) => error.name === "AuthError" || error.name === "DatabaseUnavailable"
