import type { RateLimit } from "@latchkey/contract"
import { AuthError } from "../errors.ts"
import { isAdministrative } from "../identities/scopes.ts"

interface Limited {
  rateLimit: RateLimit | null
  scopes: readonly string[] | null
}

/**
 * The limits of keys. The configured limit does not apply to keys with the scope `latchkey:introspect` or
 * `latchkey:manage`: those are the product's own, and carry the calls of all its users.
 */
export interface KeyRateLimits {
  /** The limit that applies to a key: its own, or else the configured one. */
  effective(key: Limited): RateLimit | null
  /** The reason why an owner can't give a key this limit; null if they can. */
  refuse(key: Limited): AuthError | null
}

/** @param configured the limit of keys without one of their own, and the highest that owners may set. */
export function createKeyRateLimits(configured: RateLimit | null): KeyRateLimits {
  const ceilingOf = ({ scopes }: Limited) => (scopes?.some(isAdministrative) ? null : configured)

  return {
    effective: (key) => key.rateLimit ?? ceilingOf(key),
    refuse(key) {
      const ceiling = ceilingOf(key)
      if (!key.rateLimit || !ceiling || callsWithin(ceiling.window, key.rateLimit) <= ceiling.limit)
        return null
      return new AuthError(
        "INVALID_INPUT",
        `rateLimit must not allow more than ${ceiling.limit} calls in ${ceiling.window} s`,
        { field: "rateLimit" },
      )
    },
  }
}

/** The most calls that a limit allows in this many seconds, if one of its windows begins at the same time. */
const callsWithin = (seconds: number, { limit, window }: RateLimit) => limit * Math.ceil(seconds / window)
