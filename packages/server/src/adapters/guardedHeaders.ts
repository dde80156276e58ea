import type { Verdict } from "../types.ts"

/**
 * The headers of the host's own response to a caller: those of the verdict, and one that keeps shared caches from
 * storing the response, unless the host has decided that itself. A cache would give it to others, and to the holder
 * of a key that has been revoked since (RFC 9111, section 5.2.2.7). Caches know `Authorization`, but not `X-API-Key`.
 *
 * @param hasCacheControl whether the response has a `Cache-Control` already.
 */
export function guardedHeaders(verdict: Verdict, hasCacheControl: boolean): [name: string, value: string][] {
  const headers = Object.entries(verdict.headers)
  return verdict.ok && !hasCacheControl ? [...headers, ["Cache-Control", "private"]] : headers
}
