/** Codes of errors on a connection whose other end is gone or unreachable. */
const CODES = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ENOTCONN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ERR_STREAM_PREMATURE_CLOSE",
])

/** Whether an error means only that a connection was lost. */
export const isLostConnection = (error: unknown): boolean =>
  error instanceof Error && "code" in error && CODES.has(String(error.code))
