/** The state of a rate limit for one client. */
export interface RateLimitStatus {
  /** Such as `failed-logins`. */
  limit: string
  count: number
  /** The length of the window. */
  seconds: number
  /** Seconds until the window ends. */
  reset: number
  remaining: number
  /** Whether a call was refused because of it. */
  isRefused: boolean
}

/** The stricter of two statuses: a refusal over none, then the longer refusal, then the one with less remaining. */
export function stricter(a: RateLimitStatus | null, b: RateLimitStatus): RateLimitStatus {
  if (a === null) return b
  if (a.isRefused !== b.isRefused) return a.isRefused ? a : b
  if (a.isRefused) return b.reset > a.reset ? b : a
  return b.remaining < a.remaining ? b : a
}
