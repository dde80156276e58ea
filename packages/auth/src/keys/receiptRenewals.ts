/** Milliseconds. */
const SPAN = 10 * 60_000
/** At some 100 bytes each, 10 MB at the most. */
const MAX_REMEMBERED = 100_000

/**
 * Says for each key whether its receipt may be renewed now: once in ten minutes. While secrets are rotated, an
 * instance that knows both would otherwise take turns with one that knows only the old: for every call to the one a
 * write, and for every call to the other a bcrypt.
 */
export function createRenewals(now = () => performance.now()): { consume(apiKeyId: string): boolean } {
  const renewed = new Set<string>()
  let since = now()
  return {
    consume(apiKeyId) {
      if (now() - since > SPAN || renewed.size >= MAX_REMEMBERED) {
        renewed.clear()
        since = now()
      }
      if (renewed.has(apiKeyId)) return false
      renewed.add(apiKeyId)
      return true
    },
  }
}
