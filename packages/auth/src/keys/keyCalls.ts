import type { RateLimit } from "@latchkey/contract"
import type { VerifiableApiKey } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import type { KeyLimiter } from "../limits/keyLimiter.ts"
import { type RateLimitStatus, stricter } from "../limits/rateLimitStatus.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import type { Usage } from "./usage.ts"

/** Counts the calls of whoever has presented a key. */
export interface KeyCalls {
  /** Counts a call, if it is within the key's limit. Returns the state of the limit; null without one. */
  count(): RateLimitStatus | null
  /** The state of the limit, for a call that has been counted. */
  peek(): RateLimitStatus | null
}

/** @param scopes those that the key has now. */
export type CreateKeyCalls = (row: VerifiableApiKey, scopes: readonly string[]) => KeyCalls

export function createKeyCallCounter({
  limiter,
  usage,
  rateLimits,
}: {
  limiter: KeyLimiter
  usage: Usage
  rateLimits: KeyRateLimits
}): CreateKeyCalls {
  return (row, scopes) => {
    const { id, counterId, readAt, windowStart, windowCalls } = row
    const rateLimit = rateLimits.effective({ rateLimit: ownLimit(row), scopes })
    const limited = rateLimit && {
      ...rateLimit,
      counterId: counterId ?? id,
      now: readAt,
      stored:
        windowStart === null || windowCalls === null ? null : { startedAt: windowStart, calls: windowCalls },
    }
    return {
      count() {
        const status = limited && limiter.count(limited)
        usage.note(id, { at: readAt, isLimited: status?.isRefused ?? false })
        return status
      },
      peek: () => limited && limiter.peek(limited),
    }
  }
}

const ownLimit = ({ rateLimit, rateWindow }: VerifiableApiKey): RateLimit | null =>
  rateLimit === null || rateWindow === null ? null : { limit: rateLimit, window: rateWindow }

/**
 * Counts a call, if it is one by key, and reports the state of the key's limit to the client.
 *
 * @param options.isCounted whether the call has been counted before.
 * @param options.of whose key that is, if the call is about another's key.
 * @throws {AuthError} `RATE_LIMITED`.
 */
export function countCall(
  { calls }: { caller: unknown; calls?: KeyCalls },
  client: Pick<ClientInfo, "rateLimit">,
  { isCounted = false, of }: { isCounted?: boolean; of?: "key" | "caller" | undefined } = {},
): void {
  const status = isCounted ? calls?.peek() : calls?.count()
  if (!status) return
  client.rateLimit = stricter(client.rateLimit, status)
  if (!status.isRefused) return
  throw new AuthError(
    "RATE_LIMITED",
    `This API key has made too many calls; try again in ${status.reset} s.`,
    {
      retryAfter: status.reset,
      ...(of && { limit: of }),
    },
  )
}
