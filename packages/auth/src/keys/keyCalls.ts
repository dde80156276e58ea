import type { RateLimit } from "@latchkey/contract"
import type { VerifiableApiKey } from "@latchkey/db"
import type { ClientInfo } from "../clientInfo.ts"
import { AuthError } from "../errors.ts"
import type { KeyLimiter, LimitedKey } from "../limits/keyLimiter.ts"
import { type RateLimitStatus, stricter } from "../limits/rateLimitStatus.ts"
import type { KeyRateLimits } from "./keyRateLimits.ts"
import type { Usage } from "./usage.ts"

/** The data that counting calls needs. */
export interface Counting {
  limiter: KeyLimiter
  usage: Usage
  rateLimits: KeyRateLimits
}

/** Counts the calls by a presented key. */
export class KeyCalls {
  readonly #deps: Counting
  readonly #row: VerifiableApiKey
  readonly #limited: LimitedKey | null

  /** @param scopes the scopes that the key has now. */
  constructor(deps: Counting, row: VerifiableApiKey, scopes: readonly string[]) {
    this.#deps = deps
    this.#row = row
    const rateLimit = deps.rateLimits.effective({ rateLimit: ownLimit(row), scopes })
    this.#limited = rateLimit && limitedKey(row, rateLimit)
  }

  /** Counts a call, if it is within the key's limit. Returns the state of the limit; null without one. */
  count(): RateLimitStatus | null {
    const { limiter, usage } = this.#deps
    const status = this.#limited && limiter.count(this.#limited)
    usage.note(this.#row.id, { at: this.#row.readAt, isLimited: status?.isRefused ?? false })
    return status
  }

  /** The state of the limit, for a call that has been counted. */
  peek(): RateLimitStatus | null {
    return this.#limited && this.#deps.limiter.peek(this.#limited)
  }
}

const ownLimit = ({ rateLimit, rateWindow }: VerifiableApiKey): RateLimit | null =>
  rateLimit === null || rateWindow === null ? null : { limit: rateLimit, window: rateWindow }

function limitedKey(
  { id, counterId, readAt, windowStart, windowCalls }: VerifiableApiKey,
  { limit, window }: RateLimit,
): LimitedKey {
  const stored =
    windowStart === null || windowCalls === null ? null : { startedAt: windowStart, calls: windowCalls }
  return { counterId: counterId ?? id, limit, window, now: readAt, stored }
}

/**
 * Counts a call if it is made by key, and reports the state of the key's limit to the client.
 *
 * @param options.isCounted whether the call has been counted before.
 * @param options.of whose key it is, if the call is about somebody else's key.
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
    { retryAfter: status.reset, ...(of && { limit: of }) },
  )
}
