import { createLimiter, type Database, DatabaseUnavailable, type Usage } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import { createKeyedMutex } from "./keyedMutex.ts"
import type { Limit } from "./limits.ts"
import { stricter } from "./rateLimitStatus.ts"

/** Counts calls towards one limit, across all instances. */
export interface Counter {
  /** Counts a call and reports the limit to its client. @throws {AuthError} `RATE_LIMITED`, `UNAVAILABLE`. */
  consume(key: string, client: ClientInfo): Promise<void>
  /** Counts a call and leaves the decision to the caller. @throws {AuthError} `UNAVAILABLE`. */
  count(key: string): Promise<Usage>
  /** Undoes one count. */
  refund(key: string): Promise<void>
  /** Reports the limit to a client. */
  report(client: ClientInfo, usage: Usage): void
  /** Reports the limit as used up, and returns the error for the refused call. */
  refuse(client: ClientInfo, reset: number): AuthError
}

/** Milliseconds that a count may wait for other counts of the same key. */
const PATIENCE = 3_000

/** @param options.isFinal counts are never refunded, so a refusal holds until the window ends. */
export function createCounter(
  db: Database,
  limit: string,
  { count: max, seconds }: Limit,
  options: { isFinal?: boolean } = {},
): Counter {
  const limiter = createLimiter(db, {
    name: limit,
    count: max,
    seconds,
    remembersRefusals: options.isFinal ?? false,
  })

  // Counts of one key update the same row. Without the mutex, each would hold a connection while it waits for the lock.
  const runExclusive = createKeyedMutex(PATIENCE)

  const count = (key: string) =>
    runExclusive(key, () => limiter.consume(key)).catch((cause: unknown) => {
      if (!(cause instanceof DatabaseUnavailable)) throw cause
      throw new AuthError("UNAVAILABLE", "The service is temporarily unavailable; try again shortly.", {
        cause,
      })
    })

  function report(client: ClientInfo, { isAllowed, remaining, reset }: Usage) {
    const status = { limit, count: max, seconds, remaining, reset, isRefused: !isAllowed }
    client.rateLimit = stricter(client.rateLimit, status)
  }

  function refuse(client: ClientInfo, reset: number) {
    report(client, { isAllowed: false, remaining: 0, reset })
    return new AuthError("RATE_LIMITED", `Too many attempts; try again in ${reset} s.`, { retryAfter: reset })
  }

  return {
    count,
    report,
    refuse,
    refund: (key) => limiter.refund(key),
    async consume(key, client) {
      const usage = await count(key)
      if (!usage.isAllowed) throw refuse(client, usage.reset)
      report(client, usage)
    },
  }
}
