import { LatchkeyError } from "@latchkey/sdk"

/** Whether a call failed because nobody could answer it now, so that trying again later may help. */
export const isAway = (error: unknown): error is LatchkeyError =>
  error instanceof LatchkeyError && /^(NETWORK|TIMEOUT|UNAVAILABLE|RATE_LIMITED)$/.test(error.reason)
