/** How much of a rate limit is used up. */
export interface RateLimitStatus {
  /** Such as `failed-logins`. */
  limit: string
  count: number
  /** The length of the limit's window, and the time until it ends. */
  seconds: number
  reset: number
  remaining: number
  /** Whether a call was refused because of it. */
  isRefused: boolean
}

/** The stricter of two statuses: a refusal before none, the longer refusal, or the one with less remaining. */
export function stricter(a: RateLimitStatus | null, b: RateLimitStatus): RateLimitStatus {
  if (a === null) return b
  if (a.isRefused !== b.isRefused) return a.isRefused ? a : b
  if (a.isRefused) return b.reset > a.reset ? b : a
  return b.remaining < a.remaining ? b : a
}
