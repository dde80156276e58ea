import { z } from "zod"
import type { Keyring } from "../../crypto/keyring.ts"
import { type JwtKind, signJwt, verifyJwt } from "../../crypto/ownJwt.ts"
import type { NamedOwner } from "../administrator.ts"

/** The header's `typ`, by which a verifier is chosen. */
export const OWNER_TOKEN_TYPE = "owner+jwt"

const OWNER_TOKEN: JwtKind = {
  type: OWNER_TOKEN_TYPE,
  audience: "latchkey/owner-keys",
  keyOf: (keys) => keys.ownerTokenKey,
  // An issuer, a subject and an actor of 255 characters, each of which takes up to 12 bytes of JSON.
  maxLength: 16_000,
  requiredClaims: ["sub_id", "client_id"],
}

/** The claims of an owner token. */
export interface OwnerTokenContent {
  owner: NamedOwner
  /** The person who acts for the owner. */
  actor?: string | undefined
  /** `read`: may change nothing. */
  manage: "read" | "write"
  /** The key that created the token, which ends with it. */
  madeBy: KeyReference
}

/** A managing key. */
export interface KeyReference {
  apiKeyId: string
  /** Tells a configured key from others with the same id. */
  fingerprint?: string | undefined
}

export interface OwnerTokenClaims extends OwnerTokenContent {
  /** Seconds since 1970. */
  issuedAt: number
  /** Seconds since 1970. */
  expiresAt: number
}

const claims = z.object({
  /** RFC 9493, section 3.2.3: a subject together with its issuer, which is not the token's. */
  sub_id: z.strictObject({ format: z.literal("iss_sub"), iss: z.string(), sub: z.string() }),
  /** RFC 8693, section 4.1. */
  act: z.strictObject({ sub: z.string() }).optional(),
  manage: z.enum(["read", "write"]),
  client_id: z.string(),
  client_fpr: z.string().optional(),
  iat: z.number(),
  exp: z.number(),
})

/**
 * Signs a JWT that is valid only for the key routes of an owner.
 *
 * @param ttl seconds until it expires.
 */
export async function signOwnerToken(
  keyring: Keyring,
  { owner, actor, manage, madeBy }: OwnerTokenContent,
  ttl: number,
): Promise<{ accessToken: string; expiresAt: Date }> {
  const { token, expiresAt } = await signJwt(keyring, OWNER_TOKEN, {
    claims: {
      sub_id: { format: "iss_sub", iss: owner.issuer, sub: owner.subject },
      ...(actor !== undefined && { act: { sub: actor } }),
      manage,
      client_id: madeBy.apiKeyId,
      ...(madeBy.fingerprint !== undefined && { client_fpr: madeBy.fingerprint }),
    },
    ttl,
  })
  return { accessToken: token, expiresAt }
}

/**
 * Returns the claims of an owner token, or null if it has expired or was not signed by this service. Does not check
 * whether the owner is enabled, and whether the key that created it may still manage.
 */
export async function verifyOwnerToken(keyring: Keyring, token: string): Promise<OwnerTokenClaims | null> {
  const { data } = claims.safeParse(await verifyJwt(keyring, OWNER_TOKEN, token))
  if (!data) return null
  const { sub_id, act, manage, client_id, client_fpr, iat, exp } = data
  return {
    owner: { issuer: sub_id.iss, subject: sub_id.sub },
    actor: act?.sub,
    manage,
    madeBy: { apiKeyId: client_id, fingerprint: client_fpr },
    issuedAt: iat,
    expiresAt: exp,
  }
}
