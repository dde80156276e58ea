import { createLimiter, type Database, DatabaseUnavailable, type Usage } from "@latchkey/db"
import { AuthError } from "../errors.ts"
import { createInTurn } from "./keyedMutex.ts"
import type { Limit } from "./limits.ts"
import type { Source } from "../clientInfo.ts"

/** Counts calls towards one limit, for all instances together. */
export interface Counter {
  /** Counts one, and tells its source how it stands. @throws {AuthError} `RATE_LIMITED`, `UNAVAILABLE`. */
  spend(key: string, source: Source): Promise<void>
  /** Counts one, and leaves the rest to the caller. @throws {AuthError} `UNAVAILABLE`. */
  take(key: string): Promise<Usage>
  giveBack(key: string): Promise<void>
  /** Tells a source how it stands. */
  tell(source: Source, usage: Usage): void
  /** The error for a call beyond the limit; its source is told. */
  refuse(source: Source, reset: number): AuthError
}

/** Milliseconds that one count may wait for others of its key. */
const PATIENCE = 3_000

/** @param options.isFinal nothing is given back, so that a refusal holds until the window ends. */
export function createCounter(
  db: Database,
  limit: string,
  { count, seconds }: Limit,
  options: { isFinal?: boolean } = {},
): Counter {
  const limiter = createLimiter(db, {
    name: limit,
    count,
    seconds,
    remembersRefusals: options.isFinal ?? false,
  })

  // Counts of one key change one row, so that each would wait for the others' locks on a connection of its own.
  const inTurn = createInTurn(PATIENCE)

  const take = (key: string) =>
    inTurn(key, () => limiter.take(key)).catch((cause: unknown) => {
      if (!(cause instanceof DatabaseUnavailable)) throw cause
      throw new AuthError("UNAVAILABLE", "The service can't answer right now; try again shortly.", { cause })
    })

  function tell(source: Source, { isAllowed, remaining, reset }: Usage) {
    source.onStanding?.({ limit, count, seconds, remaining, reset, isRefused: !isAllowed })
  }

  function refuse(source: Source, reset: number) {
    tell(source, { isAllowed: false, remaining: 0, reset })
    return new AuthError("RATE_LIMITED", `Too many tries; the next one can be in ${reset} s.`, {
      retryAfter: reset,
    })
  }

  return {
    take,
    tell,
    refuse,
    giveBack: (key) => limiter.giveBack(key),
    async spend(key, source) {
      const usage = await take(key)
      if (!usage.isAllowed) throw refuse(source, usage.reset)
      tell(source, usage)
    },
  }
}
