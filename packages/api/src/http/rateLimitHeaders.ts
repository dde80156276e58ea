import type { Standing } from "@latchkey/auth"
import type { Exchange } from "./requestState.ts"

/**
 * The limit that is nearest, as draft-ietf-httpapi-ratelimit-headers has had it since its eighth revision: generic
 * clients can read it, and the draft has given up `RateLimit-Limit`, `-Remaining` and `-Reset`. And when the last of
 * the calls that have failed is worth trying again.
 */
export function limitHeaders(standing: Standing | null, failures: Exchange["failures"]) {
  const seconds = Math.max(0, ...failures.map(({ failure }) => failure.retryAfter ?? 0))
  return {
    ...(standing && {
      "RateLimit-Policy": `"${standing.limit}";q=${standing.count};w=${standing.seconds}`,
      RateLimit: `"${standing.limit}";r=${standing.remaining};t=${standing.reset}`,
    }),
    ...(seconds > 0 && { "Retry-After": String(seconds) }),
  }
}
