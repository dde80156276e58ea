import type { KeyObject } from "node:crypto"
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose"
import type { Keyring, SecretKeys } from "./keyring.ts"

const ALGORITHM = "HS256"
export const ISSUER = "latchkey"
export const CLOCK_LEEWAY_SECONDS = 30

/**
 * A kind of JWT of Latchkey's own. Kinds differ in key, type and audience, so that none can be taken for another
 * (RFC 8725, sections 3.9, 3.11 and 3.12).
 */
export interface JwtKind {
  /** The header's `typ`. */
  type: string
  audience: string
  keyOf: (keys: SecretKeys) => KeyObject
  /** More characters than a token of this kind has. */
  maxLength: number
  requiredClaims: readonly string[]
}

/** Whether a time, in seconds, has passed, with tolerance for slow clocks. */
export const isPast = (seconds: number) => seconds + CLOCK_LEEWAY_SECONDS <= Date.now() / 1000

/**
 * Signs a JWT with the current server secret.
 *
 * @param ttl seconds until it expires.
 */
export async function signJwt(
  keyring: Keyring,
  { type, audience, keyOf }: JwtKind,
  { claims, ttl }: { claims: JWTPayload; ttl: number },
): Promise<{ token: string; expiresAt: Date }> {
  const issuedAt = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: ALGORITHM, typ: type, kid: keyring.current.id })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttl)
    .sign(keyOf(keyring.current))
  return { token, expiresAt: new Date((issuedAt + ttl) * 1000) }
}

/**
 * Returns the claims of a JWT of a kind, or null if it has expired or was not signed by this service.
 *
 * RFC 8725: the algorithm is pinned (3.1), the type is explicit (3.11), issuer, audience and times are checked (3.8,
 * 3.9), and the header can only name one of the server secrets: a token that brings its own key is rejected (3.10).
 */
export async function verifyJwt(
  keyring: Keyring,
  { type, audience, keyOf, maxLength, requiredClaims }: JwtKind,
  token: string,
): Promise<(JWTPayload & { iat: number; exp: number }) | null> {
  if (token.length > maxLength) return null
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid, ...header }) => {
        const keys = typeof kid === "string" ? keyring.find(kid) : undefined
        if (!keys || Object.keys(header).some((name) => name !== "alg" && name !== "typ")) {
          throw new errors.JWSInvalid("unknown key or header parameter")
        }
        return keyOf(keys)
      },
      {
        algorithms: [ALGORITHM],
        typ: type,
        issuer: ISSUER,
        audience,
        clockTolerance: CLOCK_LEEWAY_SECONDS,
        requiredClaims: ["exp", "iat", ...requiredClaims],
      },
    )
    const { iat, exp, aud } = payload
    if (typeof aud !== "string" || !isTime(iat) || !isTime(exp) || !isCanonical(token)) return null
    if (iat > Date.now() / 1000 + CLOCK_LEEWAY_SECONDS || isPast(exp)) return null
    return { ...payload, iat, exp }
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** Whole seconds since 1970. */
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/**
 * Whether a token is encoded exactly as `signJwt` encodes it. base64url and JSON allow other encodings of the same
 * content, and parsers disagree about duplicate members (RFC 7515, section 4). Its time is quadratic in the depth of the
 * content, so only a token with a valid signature is worth it.
 */
function isCanonical(token: string) {
  const [header = "", payload = "", signature = ""] = token.split(".")
  return isCompactJson(header) && isCompactJson(payload) && isCanonicalBase64url(signature)
}

/** Whether a text is the one encoding of its content: decoders accept whitespace, padding and any unused bits as well. */
export const isCanonicalBase64url = (text: string) => base64url(Buffer.from(text, "base64url")) === text

function isCompactJson(part: string) {
  try {
    return base64url(JSON.stringify(JSON.parse(Buffer.from(part, "base64url").toString()))) === part
  } catch {
    return false
  }
}

const base64url = (content: string | Buffer) => Buffer.from(content).toString("base64url")
