import { LRUCache } from "lru-cache"

const INTERVAL_MS = 10 * 60_000
/** At some 100 bytes each, 10 MB at most. */
const MAX_REMEMBERED = 100_000

/**
 * Decides whether the receipt of a key may be renewed now: once in ten minutes. During a rotation of secrets, an
 * instance that knows both secrets would otherwise alternate with one that knows only the old one: each call to the
 * first would cost a write, and each call to the second a bcrypt.
 */
export function createRenewals(now = () => performance.now()): { consume(apiKeyId: string): boolean } {
  const renewed = new LRUCache<string, true>({
    max: MAX_REMEMBERED,
    ttl: INTERVAL_MS,
    perf: { now },
    ttlResolution: 0,
  })
  return {
    consume(apiKeyId) {
      if (renewed.has(apiKeyId)) return false
      renewed.set(apiKeyId, true)
      return true
    },
  }
}
