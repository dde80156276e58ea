import { LatchkeyError } from "../latchkeyError.ts"
import type { Deadline } from "./withDeadline.ts"

/** Milliseconds. The longest delay before the first retry, doubled for each further one, and its cap. */
const BASE_DELAY = 500
const MAX_DELAY = 5_000

/**
 * Retries a failed call if that is safe: a query if the server was unreachable or busy, and any call if the server
 * reports that it did not begin. The delay is `Retry-After` plus full jitter. If it would exceed the deadline, the
 * call fails at once, because its error tells the caller more than a timeout would.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { kind, retries, deadline }: { kind: "query" | "mutation"; retries: number; deadline: Deadline },
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (failures >= retries || !isRetryable(error, kind)) throw error
      const jitter = Math.random() * Math.min(MAX_DELAY, BASE_DELAY * 2 ** failures)
      const delay = (error.retryAfter ?? 0) * 1000 + jitter
      if (delay >= deadline.remaining()) throw error
      deadline.lastFailure = error
      await wait(delay, deadline.signal)
    }
  }
}

function isRetryable(error: unknown, kind: "query" | "mutation"): error is LatchkeyError {
  // If another key has used up its limit, that is the answer.
  if (!(error instanceof LatchkeyError) || error.limit === "key") return false
  return error.begun === false || (kind === "query" && /^(NETWORK|UNAVAILABLE)$/.test(error.reason))
}

/** Never settles when aborted: by then `withDeadline` has rejected the call. */
function wait(milliseconds: number, signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener("abort", () => clearTimeout(timer))
  })
}
