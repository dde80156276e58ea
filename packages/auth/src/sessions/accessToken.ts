import type { Keyring } from "../crypto/keyring.ts"
import { type JwtKind, signJwt, verifyJwt } from "../crypto/ownJwt.ts"
import { isUuid } from "../isUuid.ts"

const ACCESS_TOKEN: JwtKind = {
  /** RFC 9068, section 2.1. */
  type: "at+jwt",
  audience: "latchkey",
  keyOf: (keys) => keys.accessTokenKey,
  maxLength: 1_000,
  requiredClaims: ["sub", "sid"],
}

export interface AccessTokenSubject {
  userId: string
  sessionId: string
}

export interface AccessTokenClaims extends AccessTokenSubject {
  /** Seconds since 1970. */
  issuedAt: number
  /** Seconds since 1970. */
  expiresAt: number
}

/**
 * Signs a JWT for a user's session.
 *
 * @param ttl seconds until it expires.
 */
export async function signAccessToken(
  keyring: Keyring,
  { userId, sessionId }: AccessTokenSubject,
  ttl: number,
): Promise<{ accessToken: string; accessTokenExpiresAt: Date }> {
  const claims = { sid: sessionId, sub: userId }
  const { token, expiresAt } = await signJwt(keyring, ACCESS_TOKEN, { claims, ttl })
  return { accessToken: token, accessTokenExpiresAt: expiresAt }
}

/**
 * Returns the claims of an access token, or null if it has expired or was not signed by this service. Does not check
 * whether the session is still live.
 */
export async function verifyAccessToken(keyring: Keyring, token: string): Promise<AccessTokenClaims | null> {
  const claims = await verifyJwt(keyring, ACCESS_TOKEN, token)
  if (!claims) return null
  const { sub, sid, iat, exp } = claims
  if (typeof sub !== "string" || typeof sid !== "string" || !isUuid(sub) || !isUuid(sid)) return null
  return { userId: sub, sessionId: sid, issuedAt: iat, expiresAt: exp }
}
