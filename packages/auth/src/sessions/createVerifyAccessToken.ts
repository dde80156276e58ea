import type { Keyring } from "../crypto/keyring.ts"
import { type AccessTokenClaims, isPast, verifyAccessToken } from "./accessToken.ts"

/** At some 600 bytes each, 6 MB at the most. */
const MAX_REMEMBERED = 10_000

/**
 * Verifies access tokens and remembers the last good ones: that a token was signed under a secret stays so, and
 * finding out costs more than all the rest of a call. It says nothing of the session, which is read every time.
 */
export function createVerifyAccessToken(
  keyring: Keyring,
  maxRemembered = MAX_REMEMBERED,
): (token: string) => Promise<AccessTokenClaims | null> {
  /** In the order of their first use. Bad tokens are not remembered, so a flood of them pushes none out. */
  const verified = new Map<string, AccessTokenClaims>()

  function remember(token: string, claims: AccessTokenClaims) {
    if (verified.size >= maxRemembered) {
      for (const oldest of verified.keys()) {
        verified.delete(oldest)
        break
      }
    }
    verified.set(token, claims)
  }

  return async (token) => {
    const known = verified.get(token)
    if (known) {
      if (!isPast(known.expiresAt)) return known
      verified.delete(token)
      return null
    }
    const claims = await verifyAccessToken(keyring, token)
    if (claims) remember(token, claims)
    return claims
  }
}
