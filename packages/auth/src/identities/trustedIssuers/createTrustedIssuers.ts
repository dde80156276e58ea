import { errors, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from "jose"
import { LRUCache } from "lru-cache"
import { CLOCK_LEEWAY_SECONDS, isCanonicalBase64url, isPast } from "../../crypto/ownJwt.ts"
import { AuthError } from "../../errors.ts"
import { MAX_CREDENTIAL_LENGTH } from "../readCredential.ts"
import { type IssuerToken, readIssuerToken } from "./issuerToken.ts"
import { createKeySet, type KeySet, type LoadedKeys } from "./keySet.ts"
import type { TrustedIssuer } from "./trustedIssuer.ts"

/** Public-key signatures only: we must not know an issuer's secret (RFC 8725, section 3.1). */
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

/** The total size of remembered tokens, including their claims: enough for 10,000 tokens of 1,000 characters. */
const MAX_REMEMBERED_CHARACTERS = 15_000_000
const CHARACTERS_OF_CLAIMS = 500

/**
 * How many keys may verify one token. Issuers publish a few. One that publishes thousands would make each token that
 * names none of them, which anybody can make up, cost seconds.
 */
const MAX_CANDIDATES = 20

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
 * Verifies the JWTs of identity providers by their published keys. Each issuer's keys decide only about its own
 * tokens. Fetches nothing before the first token.
 */
export function createTrustedIssuers(entries: readonly TrustedIssuer[]): TrustedIssuers {
  const byIssuer = new Map(entries.map((entry) => [entry.issuer, { entry, keySet: createKeySet(entry) }]))
  /** Invalid tokens are not remembered, so a flood of them evicts nothing. */
  const verified = new LRUCache<string, Remembered>({
    maxSize: MAX_REMEMBERED_CHARACTERS,
    sizeCalculation: (_, token) => token.length + CHARACTERS_OF_CLAIMS,
  })

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
      if (token.length > MAX_CREDENTIAL_LENGTH || !hasCanonicalSignature(token)) return null
      const result = await available(issuer, verifySignature(entry, token, { keys, keySet }))
      const read =
        result && readIssuerToken(entry, { header: result.protectedHeader, payload: result.payload })
      if (!read) return null
      verified.set(token, { token: read, keys: result.keys })
      return read
    },
  }
}

/** Nothing else in a token can be encoded differently, because the signature covers the encoded header and payload. */
const hasCanonicalSignature = (token: string) => isCanonicalBase64url(token.slice(token.lastIndexOf(".") + 1))

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
    if (error instanceof errors.JWKSMultipleMatchingKeys)
      return verifyWithEach(error, { keys, token, options })
    return rejected(error)
  }
}

/**
 * For a token that names no key, or a key id that several keys have. Only the first of these keys are tried.
 *
 * @throws if no key has verified the token, and one of the keys can't be used, which may be the right one.
 */
async function verifyWithEach(
  candidates: errors.JWKSMultipleMatchingKeys,
  { keys, token, options }: { keys: LoadedKeys; token: string; options: JWTVerifyOptions },
): Promise<Verified | null> {
  let unusable: { error: unknown } | undefined
  let tried = 0
  for await (const key of candidates) {
    try {
      const result = await jwtVerify(token, key, options).catch(rejected)
      if (result) return { ...result, keys }
    } catch (error) {
      unusable = { error }
    }
    tried++
    if (tried === MAX_CANDIDATES) break
  }
  if (unusable) throw unusable.error
  return null
}

/** @throws for failures that are not the token's fault, such as a published key that can't be used. */
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
