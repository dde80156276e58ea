import type { Standing } from "@latchkey/auth"
import type { Exchange } from "./exchange.ts"

/**
 * The limit that is nearest, as draft-ietf-httpapi-ratelimit-headers has had it since its eighth revision: fields
 * that generic clients can read, and no `RateLimit-Limit`, `-Remaining` and `-Reset`, which the draft has given up.
 */
export const limitHeaders = ({ limit, count, seconds, remaining, reset }: Standing) => ({
  "RateLimit-Policy": `"${limit}";q=${count};w=${seconds}`,
  RateLimit: `"${limit}";r=${remaining};t=${reset}`,
})

/** When the last of the calls that have failed is worth trying again. */
export function retryHeader(failures: Exchange["failures"]) {
  const seconds = Math.max(0, ...failures.map(({ failure }) => failure.retryAfter ?? 0))
  return seconds === 0 ? undefined : { "Retry-After": String(seconds) }
}
