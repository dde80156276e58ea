import type { RequestState } from "./requestState.ts"

/**
 * The strictest rate limit, in the form that draft-ietf-httpapi-ratelimit-headers has had since its eighth revision,
 * which generic clients can read; the draft dropped `RateLimit-Limit`, `-Remaining` and `-Reset`. And `Retry-After`, the
 * longest of those of the calls that failed.
 */
export function rateLimitHeaders({ rateLimit, failures }: Pick<RequestState, "rateLimit" | "failures">) {
  const seconds = Math.max(0, ...failures.map(({ failure }) => failure.retryAfter ?? 0))
  return {
    ...(rateLimit && {
      "RateLimit-Policy": `"${rateLimit.limit}";q=${rateLimit.count};w=${rateLimit.seconds}`,
      RateLimit: `"${rateLimit.limit}";r=${rateLimit.remaining};t=${rateLimit.reset}`,
    }),
    ...(seconds > 0 && { "Retry-After": String(seconds) }),
  }
}
