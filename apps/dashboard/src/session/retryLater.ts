import { LatchkeyError } from "@latchkey/sdk"

/** Repeats a failed call, with growing delays, and not before the server allows it. */
export function retryLater(
  call: (attempt: number) => Promise<void>,
  { attempt, failure }: { attempt: number; failure: unknown },
): void {
  const retryAfter = failure instanceof LatchkeyError ? (failure.retryAfter ?? 0) * 1000 : 0
  setTimeout(() => call(attempt + 1), Math.max(retryAfter, Math.min(1000 * 2 ** attempt, 15_000)))
}
