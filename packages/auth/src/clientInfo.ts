import type { ClientInfo as Origin } from "@latchkey/db"
import type { RateLimitStatus } from "./limits/rateLimitStatus.ts"

/** The client of one request: where its calls come from, and how its rate limits stand after them. */
export interface ClientInfo extends Readonly<Origin> {
  /** The strictest of the rate limits that the request's calls count towards; null while there are none. */
  rateLimit: RateLimitStatus | null
}
