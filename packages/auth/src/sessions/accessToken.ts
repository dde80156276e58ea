import { errors, jwtVerify, SignJWT } from "jose"
import type { Keyring } from "../crypto/keyring.ts"
import { isUuid } from "../isUuid.ts"

const ALGORITHM = "HS256"
/** Distinguishes access tokens from other JWTs under the same key (RFC 9068, section 2.1). */
const TYPE = "at+jwt"
export const ISSUER = "latchkey"
const AUDIENCE = "latchkey"
export const CLOCK_LEEWAY_SECONDS = 30

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

/** Whether a time, in seconds, has passed, with tolerance for slow clocks. */
export const isPast = (seconds: number) => seconds + CLOCK_LEEWAY_SECONDS <= Date.now() / 1000

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
  const issuedAt = Math.floor(Date.now() / 1000)
  const accessToken = await new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: keyring.current.id })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttl)
    .sign(keyring.current.accessTokenKey)
  return { accessToken, accessTokenExpiresAt: new Date((issuedAt + ttl) * 1000) }
}

/**
 * Returns the claims of an access token, or null if it has expired or was not signed by this service. Does not check
 * whether the session is still live.
 *
 * RFC 8725: the algorithm is pinned (3.1), the type is explicit (3.11), issuer, audience and times are checked (3.8,
 * 3.9), and the header can only name one of the server secrets: a token that brings its own key is rejected (3.10).
 */
export async function verifyAccessToken(keyring: Keyring, token: string): Promise<AccessTokenClaims | null> {
  if (!isCanonical(token)) return null
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid, ...header }) => {
        const keys = typeof kid === "string" ? keyring.find(kid) : undefined
        if (!keys || Object.keys(header).some((name) => name !== "alg" && name !== "typ")) {
          throw new errors.JWSInvalid("unknown key or header parameter")
        }
        return keys.accessTokenKey
      },
      {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTolerance: CLOCK_LEEWAY_SECONDS,
        requiredClaims: ["exp", "iat", "sub", "sid"],
      },
    )
    const { sub, sid, iat, exp, aud } = payload
    if (typeof sub !== "string" || typeof sid !== "string" || !isUuid(sub) || !isUuid(sid)) return null
    if (typeof aud !== "string" || !isTime(iat) || !isTime(exp)) return null
    if (iat > Date.now() / 1000 + CLOCK_LEEWAY_SECONDS || isPast(exp)) return null
    return { userId: sub, sessionId: sid, issuedAt: iat, expiresAt: exp }
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** Whole seconds since 1970. */
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/**
 * Whether a token is encoded exactly as `signAccessToken` encodes it. base64url and JSON allow other encodings of the
 * same content, and parsers disagree about duplicate members (RFC 7515, section 4).
 */
function isCanonical(token: string) {
  const [header = "", payload = "", signature = ""] = token.split(".")
  return (
    isCompactJson(header) &&
    isCompactJson(payload) &&
    base64url(Buffer.from(signature, "base64url")) === signature
  )
}

function isCompactJson(part: string) {
  try {
    return base64url(JSON.stringify(JSON.parse(Buffer.from(part, "base64url").toString()))) === part
  } catch {
    return false
  }
}

const base64url = (content: string | Buffer) => Buffer.from(content).toString("base64url")
