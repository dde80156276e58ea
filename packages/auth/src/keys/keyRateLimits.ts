import type { RateLimit } from "@latchkey/contract"
import { AuthError } from "../errors.ts"
import { isAdministrative } from "../identities/scopes.ts"

interface Limited {
  rateLimit: RateLimit | null
  scopes: readonly string[] | null
}

/**
 * The limits of keys, by the configuration. It does not apply to keys with the scope `latchkey:introspect` or
 * `latchkey:manage`: those are the product's own, and carry the calls of all its users.
 */
export interface KeyRateLimits {
  /** The limit that applies to a key: its own, or else the configured one. */
  effective(key: Limited): RateLimit | null
  /** Why an owner can't give a key this limit; null if they can. */
  refuse(key: Limited): AuthError | null
}

/** @param configured the limit of keys without one of their own, and the highest that owners may give. */
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

/** The most calls that a limit allows in as many seconds, if one of its windows begins with them. */
const callsWithin = (seconds: number, { limit, window }: RateLimit) => limit * Math.ceil(seconds / window)
