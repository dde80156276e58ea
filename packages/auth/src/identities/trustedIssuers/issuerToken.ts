import type { JWTHeaderParameters, JWTPayload } from "jose"
import { CLOCK_LEEWAY_SECONDS } from "../../crypto/ownJwt.ts"
import { isSubject } from "../isSubject.ts"
import type { TrustedIssuer } from "./trustedIssuer.ts"

/** The meaning of a trusted issuer's token. */
export interface IssuerToken {
  issuer: string
  /** The owner. */
  subject: string
  /** The person who acts for the owner. */
  actor?: string
  /** Null if the issuer's tokens carry no scopes, which stands for all. */
  scopes: readonly string[] | null
  /** `read`: the token may not manage keys. A token that was issued to a third party must not create keys. */
  manage: "read" | "write"
  /** The client to which the token was issued. */
  clientId?: string
  /** Seconds since 1970. */
  issuedAt?: number
  /** Seconds since 1970. */
  expiresAt: number
}

/** The scope of a token that may manage its owner's keys. */
const MANAGES_KEYS = "latchkey:apikeys:write"

/**
 * Reads the verified claims of a token by the rules of its issuer's entry; null if it is no access token for us.
 *
 * The caller has checked signature, algorithm, `iss`, `exp` and `nbf`.
 */
export function readIssuerToken(
  entry: TrustedIssuer,
  { header, payload }: { header: JWTHeaderParameters; payload: JWTPayload },
): IssuerToken | null {
  const audiences = stringsOf(payload.aud)
  const parties = [payload.azp, payload.client_id].filter((party) => typeof party === "string")
  if (!isTime(payload.exp) || audiences === null || isFuture(payload.iat)) return null
  if (!isAccessToken(header, payload)) return null
  if (!isForUs(entry, { audiences, parties, isTyped: isTyped(header) })) return null

  const subject = entry.subjectClaim.map((claim) => payload[claim]).find((value) => value !== undefined)
  const actor = entry.actorClaim === undefined ? undefined : payload[entry.actorClaim]
  const scopes = entry.scopeClaim === undefined ? null : scopesOf(payload[entry.scopeClaim])
  if (!isSubject(subject)) return null
  if (entry.actorClaim !== undefined && !isSubject(actor)) return null

  const [clientId] = parties
  return {
    issuer: entry.issuer,
    subject,
    // A token whose owner is the person has no actor.
    ...(isSubject(actor) && actor !== subject && { actor }),
    scopes,
    manage: mayManage(entry, scopes) ? "write" : "read",
    ...(clientId !== undefined && { clientId }),
    ...(isTime(payload.iat) && { issuedAt: payload.iat }),
    expiresAt: payload.exp,
  }
}

/** Seconds that `Date` can represent. */
const isTime = (seconds: number | undefined): seconds is number =>
  seconds !== undefined && seconds >= 0 && seconds <= 8.64e12

const isFuture = (seconds: number | undefined) =>
  seconds !== undefined && seconds > Date.now() / 1000 + CLOCK_LEEWAY_SECONDS

/** Whether the header says that this is an access token (RFC 9068, section 2.1). */
const isTyped = ({ typ }: JWTHeaderParameters) => /^(application\/)?at\+jwt$/i.test(typ ?? "")

/**
 * Whether a token can be an access token for its bearer. Issuers sign ID tokens and logout tokens with the same keys
 * (RFC 8725, section 2.8), and a token with `cnf` is bound to a sender that we can't verify (RFC 7800).
 */
function isAccessToken(header: JWTHeaderParameters, payload: JWTPayload): boolean {
  if (payload.cnf !== undefined) return false
  if (isTyped(header)) return true
  if (header.typ !== undefined && !/^(application\/)?jwt$/i.test(header.typ)) return false
  if (["nonce", "at_hash", "c_hash", "events"].some((claim) => payload[claim] !== undefined)) return false
  // Keycloak states the kind of token here.
  return payload.typ === undefined || payload.typ === "Bearer"
}

/** Whether a token was issued for this service (RFC 8725, section 3.9). */
function isForUs(
  { audience, authorizedParties, allowClientAudience }: TrustedIssuer,
  { audiences, parties, isTyped }: { audiences: string[]; parties: string[]; isTyped: boolean },
): boolean {
  if (audience ? !audiences.some((name) => audience.includes(name)) : audiences.length > 0) return false
  // An `azp` and a `client_id` that contradict each other must both be authorized.
  if (
    authorizedParties &&
    !(parties.length > 0 && parties.every((name) => authorizedParties.includes(name)))
  ) {
    return false
  }
  // The audience of an ID token is the client that asked for it.
  return isTyped || allowClientAudience || !parties.some((name) => audiences.includes(name))
}

/** Authorized parties are the operator's own clients, so any audience that they ask for is intended. */
const mayManage = (entry: TrustedIssuer, scopes: readonly string[] | null) =>
  entry.manage === "any" || entry.authorizedParties !== undefined || scopes?.includes(MANAGES_KEYS) === true

/** `aud` is a string or a list of them (RFC 7519, section 4.1.3); null for anything else. */
function stringsOf(value: unknown): string[] | null {
  if (value === undefined) return []
  const values = Array.isArray(value) ? value : [value]
  return values.every((item) => typeof item === "string") ? values : null
}

/** Scopes are separated by spaces (RFC 9068, section 2.2.3), or listed, as some issuers do. */
function scopesOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(" ").filter(Boolean)
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : []
}
