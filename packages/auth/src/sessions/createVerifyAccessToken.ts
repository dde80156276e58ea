import { createCache } from "../createCache.ts"
import type { Keyring } from "../crypto/keyring.ts"
import { isPast } from "../crypto/ownJwt.ts"
import { type AccessTokenClaims, verifyAccessToken } from "./accessToken.ts"

/** At about 600 bytes each, at most 6 MB. */
const MAX_REMEMBERED = 10_000

/**
 * Verifies access tokens and remembers valid ones: a signature stays valid, and checking it costs more than the rest of
 * a call. Does not check the session, which is read for every request.
 */
export function createVerifyAccessToken(
  keyring: Keyring,
  maxRemembered = MAX_REMEMBERED,
): (token: string) => Promise<AccessTokenClaims | null> {
  /** Invalid tokens are not remembered, so a flood of them evicts nothing. */
  const verified = createCache<AccessTokenClaims>(maxRemembered)

  return async (token) => {
    const known = verified.get(token)
    if (known) {
      if (!isPast(known.expiresAt)) return known
      verified.delete(token)
      return null
    }
    const claims = await verifyAccessToken(keyring, token)
    if (claims) verified.set(token, claims)
    return claims
  }
}
