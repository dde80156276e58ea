import type { Owner } from "@latchkey/contract"
import type { ActingCredential, ByAdmin } from "@latchkey/db"
import { CLOCK_LEEWAY_SECONDS } from "../crypto/ownJwt.ts"

export type { Owner }

/** The caller, and the credential. */
export type Caller = {
  owner: Owner
  /** The person who acts for the owner, if that is somebody else. Never known for a key. */
  actor?: string
  /** Without scopes that this server does not declare. */
  scopes: readonly string[]
  /** Whether the credential is limited to a list of scopes. Otherwise it has all, including any declared later. */
  isScoped: boolean
  /** `read`: the caller may change nothing. */
  manage: "read" | "write"
  /** When a key was created, or a token issued. */
  issuedAt?: Date
  expiresAt?: Date
  /**
   * The administrator with whose key the caller acts for the owner: with the key itself, or with a token that it
   * created.
   */
  manager?: ByAdmin
} & (
  | {
      via: "jwt"
      sessionId: string
      /** Whether an administrator has a second factor, if they need one. */
      secondFactor?: "present" | "missing"
    }
  /** Identified by a trusted issuer's token, or an owner token. */
  | { via: "jwt"; sessionId?: undefined; secondFactor?: undefined; expiresAt: Date; clientId?: string }
  | {
      via: "apiKey"
      apiKeyId: string
      label: string
      metadata: Record<string, string> | null
      /** Whether the key is part of the server's configuration, and has no row. */
      isConfigured?: boolean
      /** Tells a configured key from others with the same id. */
      fingerprint?: string
    }
  /** Identified by the host, for example by its cookie. */
  | { via: "host" }
)

/** The caller's credential, which the database verifies again for a change. */
export function actingCredentialOf({
  owner: { id, issuer, subject },
  actor,
  ...caller
}: Caller): ActingCredential {
  const acting = { owner: { id, issuer, subject }, ...(actor !== undefined && { actor }) }
  if (caller.via === "host") return { ...acting, via: "host" }
  if (caller.via === "apiKey") {
    if (caller.manager) return { ...acting, via: "managingKey", manager: caller.manager }
    return caller.isConfigured
      ? { ...acting, via: "configuredKey" }
      : { ...acting, via: "apiKey", credentialId: caller.apiKeyId }
  }
  if (caller.sessionId !== undefined) return { ...acting, via: "session", credentialId: caller.sessionId }
  const endsAt = withLeeway(caller.expiresAt)
  return caller.manager
    ? { ...acting, via: "ownerToken", manager: caller.manager, endsAt }
    : { ...acting, via: "accessToken", endsAt }
}

const withLeeway = (time: Date) => new Date(time.getTime() + CLOCK_LEEWAY_SECONDS * 1000)
