import { errors, type JWTVerifyResult, jwtVerify } from "jose"
import { LRUCache } from "lru-cache"
import { CLOCK_LEEWAY_SECONDS, isPast } from "../../crypto/ownJwt.ts"
import { AuthError } from "../../errors.ts"
import { type IssuerToken, readIssuerToken } from "./issuerToken.ts"
import { createKeySet, type KeySet, type LoadedKeys } from "./keySet.ts"
import type { TrustedIssuer } from "./trustedIssuer.ts"

/** Public-key signatures only: an issuer's secret is not ours to know (RFC 8725, section 3.1). */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
]

/** At some 1.5 KB each, 15 MB at most. */
const MAX_REMEMBERED = 10_000

export interface TrustedIssuers {
  readonly issuers: readonly string[]
  /**
   * The meaning of a token whose `iss` is this issuer; null if it is invalid or not an access token for us.
   *
   * @throws {AuthError} `UNAVAILABLE` if the issuer's keys can't be fetched, so that there is no verdict.
   */
  verify(issuer: string, token: string): Promise<IssuerToken | null>
}

interface Remembered {
  token: IssuerToken
  /** The keys that verified it. */
  keys: LoadedKeys
}

/**
 * Verifies the JWTs of identity providers by their published keys. Each issuer's keys decide about its own tokens alone.
 * Fetches nothing before the first token.
 */
export function createTrustedIssuers(entries: readonly TrustedIssuer[]): TrustedIssuers {
  const byIssuer = new Map(entries.map((entry) => [entry.issuer, { entry, keySet: createKeySet(entry) }]))
  /** Invalid tokens are not remembered, so a flood of them evicts nothing. */
  const verified = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED })

  return {
    issuers: [...byIssuer.keys()],
    async verify(issuer, token) {
      const trusted = byIssuer.get(issuer)
      if (!trusted) throw new TypeError("not a trusted issuer")
      const { entry, keySet } = trusted
      const keys = await available(issuer, keySet.current())
      const known = verified.get(token)
      if (known) {
        if (known.keys === keys && !isPast(known.token.expiresAt)) return known.token
        verified.delete(token)
      }
      const result = await available(issuer, verifySignature(entry, token, { keys, keySet }))
      const read =
        result && readIssuerToken(entry, { header: result.protectedHeader, payload: result.payload })
      if (!read) return null
      verified.set(token, { token: read, keys: result.keys })
      return read
    },
  }
}

type Verified = Pick<JWTVerifyResult, "payload" | "protectedHeader"> & { keys: LoadedKeys }

async function verifySignature(
  entry: TrustedIssuer,
  token: string,
  { keys, keySet }: { keys: LoadedKeys; keySet: KeySet },
): Promise<Verified | null> {
  const result = await verifyWith(keys, entry, token)
  if (result !== "unknownKey") return result
  const renewed = await keySet.renew(keys)
  const again = renewed && (await verifyWith(renewed, entry, token))
  return again === "unknownKey" ? null : again
}

async function verifyWith(
  keys: LoadedKeys,
  entry: TrustedIssuer,
  token: string,
): Promise<Verified | "unknownKey" | null> {
  const options = {
    algorithms: ALGORITHMS,
    issuer: entry.issuer,
    clockTolerance: CLOCK_LEEWAY_SECONDS,
    requiredClaims: ["exp"],
  }
  try {
    return { ...(await jwtVerify(token, keys.find, options)), keys }
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return "unknownKey"
    // The token names no key, and several fit.
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      for await (const key of error) {
        const result = await jwtVerify(token, key, options).catch(rejected)
        if (result) return { ...result, keys }
      }
      return null
    }
    return rejected(error)
  }
}

/** @throws what is not the token's fault, such as a published key that can't be used. */
function rejected(error: unknown): null {
  if (error instanceof errors.JOSEError) return null
  throw error
}

async function available<Value>(issuer: string, keys: Promise<Value>): Promise<Value> {
  try {
    return await keys
  } catch (cause) {
    throw new AuthError("UNAVAILABLE", "Authentication is temporarily unavailable; try again shortly.", {
      cause: new Error(`the keys of ${issuer} are not available`, { cause }),
    })
  }
}
