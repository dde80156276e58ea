import type { RateLimitStatus } from "./limits/rateLimitStatus.ts"

/** The client of one request: where its calls come from, and how its rate limits stand after them. */
export interface ClientInfo {
  /** The client's IP address, as far as the proxies in front are trusted. */
  readonly address: string
  readonly requestId: string
  /** A description of the client such as "Chrome on Linux"; null when its `User-Agent` is unknown. */
  readonly device: string | null
  /** The strictest of the rate limits that the request's calls count towards; null while there are none. */
  rateLimit: RateLimitStatus | null
}
