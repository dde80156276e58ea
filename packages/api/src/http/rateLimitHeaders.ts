import type { RequestState } from "./requestState.ts"

/**
 * The strictest rate limit, in the format of draft-ietf-httpapi-ratelimit-headers since revision 08, which replaced
 * `RateLimit-Limit`, `-Remaining` and `-Reset`. Also `Retry-After`, the longest among the failed calls.
 */
export function rateLimitHeaders({ rateLimit, failures }: Pick<RequestState, "rateLimit" | "failures">) {
  let seconds = 0
  for (const { failure } of failures) seconds = Math.max(seconds, failure.retryAfter ?? 0)
  return {
    ...(rateLimit && {
      "RateLimit-Policy": `"${rateLimit.limit}";q=${rateLimit.count};w=${rateLimit.seconds}`,
      RateLimit: `"${rateLimit.limit}";r=${rateLimit.remaining};t=${rateLimit.reset}`,
    }),
    ...(seconds > 0 && { "Retry-After": String(seconds) }),
  }
}
