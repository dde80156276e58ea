import type { ClientInfo as Origin } from "@latchkey/db"
import type { RateLimitStatus } from "./limits/rateLimitStatus.ts"

/** The client of one request: where its calls come from, and the state of its rate limits. */
export interface ClientInfo extends Readonly<Origin> {
  /** The strictest rate limit that the request's calls have counted towards so far; null if there is none. */
  rateLimit: RateLimitStatus | null
}
