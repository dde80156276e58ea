import { createCache } from "../../createCache.ts"

const INTERVAL_MS = 10 * 60_000
/** At about 100 bytes each, at most 10 MB. */
const MAX_REMEMBERED = 100_000

/**
 * Limits the renewal of a key's receipt to once in ten minutes. During a rotation of secrets, an instance that knows
 * both secrets would otherwise alternate with one that knows only the old one: each call to the first would cost a
 * write, and each call to the second a bcrypt.
 */
export function createRenewals(now = () => performance.now()): { consume(apiKeyId: string): boolean } {
  const renewed = createCache<true>(MAX_REMEMBERED, {
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
