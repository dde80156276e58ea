import { LatchkeyError } from "./latchkeyError.ts"
import type { Deadline } from "./withDeadline.ts"

/** Milliseconds: the longest wait before the first repetition, doubled for each after it, up to the cap. */
const BASE_DELAY = 500
const MAX_DELAY = 5_000

/**
 * Repeats what failed where that is harmless: a query when it found no server, or one too busy; anything when the
 * server says that it did not begin. Waits with full jitter, after the time that the server asked for. A wait that
 * would outlast the deadline is not begun: the caller has more of the failure than of a timeout.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { kind, retries, deadline }: { kind: "query" | "mutation"; retries: number; deadline: Deadline },
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (failures >= retries || !mayRepeat(error, kind)) throw error
      const jitter = Math.random() * Math.min(MAX_DELAY, BASE_DELAY * 2 ** failures)
      const delay = (error.retryAfter ?? 0) * 1000 + jitter
      if (delay >= deadline.remaining()) throw error
      deadline.lastFailure = error
      await wait(delay, deadline.signal)
    }
  }
}

function mayRepeat(error: unknown, kind: "query" | "mutation"): error is LatchkeyError {
  if (!(error instanceof LatchkeyError)) return false
  return error.begun === false || (kind === "query" && /^(NETWORK|UNAVAILABLE)$/.test(error.reason))
}

/** Never settles when aborted; whoever aborted has an answer for the caller already. */
function wait(milliseconds: number, signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener("abort", () => clearTimeout(timer))
  })
}
