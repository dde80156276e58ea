import type { IncomingHttpHeaders } from "node:http"
import CachePolicy from "http-cache-semantics"

const [SHORTEST_MS, LONGEST_MS] = [30_000, 24 * 60 * 60_000]

/** For responses that don't say how long they may be cached. */
const DEFAULT_MS = 10 * 60_000

/**
 * The milliseconds for which a response may be used, by HTTP's caching rules (RFC 9111, section 4.2) for a private
 * cache, at most a day. At least 30 s, even if it may not be cached: otherwise each token would cost a fetch.
 */
export function freshnessMs(url: string, headers: IncomingHttpHeaders): number {
  if (headers["cache-control"] === undefined && headers.expires === undefined) return DEFAULT_MS
  const policy = new CachePolicy(
    { url, method: "GET", headers: {} },
    { status: 200, headers },
    { shared: false },
  )
  const freshness = policy.storable() ? policy.timeToLive() : 0
  return Math.min(Math.max(freshness, SHORTEST_MS), LONGEST_MS)
}
