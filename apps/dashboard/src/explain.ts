import { english } from "@latchkey/react/internal"
import { LatchkeyError } from "@latchkey/sdk"

/** Tells the user what went wrong, and what they can do about it. */
export function explain(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return english.reloadPage
  const { reason, message, requestId } = error
  const isOffline = reason === "NETWORK" && !navigator.onLine
  return isOffline
    ? "You’re offline. Try again once you’re connected."
    : english.error(reason, { message, requestId })
}
