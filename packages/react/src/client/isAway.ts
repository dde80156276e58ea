import { LatchkeyError } from "@latchkey/sdk"

/** Whether a call failed because the server is unreachable, unavailable or rate limiting, so a retry may succeed. */
export const isAway = (error: unknown): error is LatchkeyError =>
  error instanceof LatchkeyError && /^(NETWORK|TIMEOUT|UNAVAILABLE|RATE_LIMITED)$/.test(error.reason)

/** Whether the server may have carried out a failed call, because only the response was lost. */
export const mayBeDone = (error: unknown): boolean =>
  error instanceof LatchkeyError &&
  error.begun !== false &&
  /^(NETWORK|TIMEOUT|UNAVAILABLE|INTERNAL)$/.test(error.reason)

export const hasReason = (error: unknown, reason: LatchkeyError["reason"]): error is LatchkeyError =>
  error instanceof LatchkeyError && error.reason === reason
