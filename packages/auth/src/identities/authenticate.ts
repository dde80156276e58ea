import {
  type Database,
  findLiveSessions,
  findOwnerStates,
  type LiveSession,
  OWN_ISSUER,
  type OwnerState,
} from "@latchkey/db"
import { createBatchedRead } from "../batchedRead.ts"
import type { ClientInfo } from "../clientInfo.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { LastUsed } from "../keys/lastUsed.ts"
import type { KeyRejection, VerifyApiKey } from "../keys/verifyApiKey.ts"
import type { AuthObserver, CredentialKind, Verdict } from "../observer.ts"
import { createVerifyAccessToken } from "../sessions/createVerifyAccessToken.ts"
import type { NamedAdmins } from "./administrator.ts"
import type { Caller, Owner } from "./caller.ts"
import { createAskHost, type Identify } from "./identify.ts"
import { ownerIdOf } from "./ownerIdOf.ts"
import { type Credential, readCredential } from "./readCredential.ts"
import type { Scopes } from "./scopes.ts"
import type { TrustedIssuers } from "./trustedIssuers/createTrustedIssuers.ts"

/** Shared by requests without an address. */
const unknownClient = { address: "unknown" }

/** Why a request has no caller, for the log only. */
export type RejectionCause = "none" | KeyRejection["cause"]

interface Rejection {
  caller: null
  /** All that the client may learn. */
  problem: "none" | "invalid" | "ambiguous"
  cause: RejectionCause
  /** The key, if its secret fits. */
  apiKeyId?: string
}

/** A request's caller, or why there is none: no credential, an invalid one, or several. */
export type Authentication = { caller: Caller } | Rejection

/**
 * @param client used only to count failed bcrypts.
 * @param request the host's own request, for `identify`.
 */
export type Authenticate = (
  headers: Headers,
  client?: Pick<ClientInfo, "address">,
  request?: unknown,
) => Promise<Authentication>

/**
 * Authenticates requests by the current state of the database: a key that was revoked, a session that ended, or an owner
 * who was disabled before the request arrived is rejected. The form of the credential decides who verifies it, and nobody
 * else does: the host is asked only about requests without one of Latchkey's credentials.
 *
 * @throws if there is no verdict: {AuthError} `UNAVAILABLE`, or `DatabaseUnavailable`.
 */
export function createAuthenticate(deps: {
  db: Database
  keyring: Keyring
  verifyApiKey: VerifyApiKey
  lastUsed: LastUsed
  scopes: Scopes
  namedAdmins: NamedAdmins
  /** Whether there are own accounts. */
  passwords: "on" | "off"
  hostIssuer: string
  identify: Identify | undefined
  trustedIssuers: TrustedIssuers | undefined
  observer: AuthObserver | undefined
}): Authenticate {
  const { observer, scopes, namedAdmins, trustedIssuers } = deps
  const issuers = trustedIssuers?.issuers ?? []
  const verifyAccessToken = createVerifyAccessToken(deps.keyring)
  const askHost = deps.identify && createAskHost(deps.identify, { issuers: [deps.hostIssuer, ...issuers] })
  const findSession = createBatchedRead(
    (ids) => findLiveSessions(deps.db, { ids }),
    (session: LiveSession) => session.id,
    observer && ((size) => observer.batch("sessions", size)),
  )
  const findOwnerState = createBatchedRead(
    (ids) => findOwnerStates(deps.db, { ids }),
    (state: OwnerState) => state.id,
    observer && ((size) => observer.batch("owners", size)),
  )

  const withNamedRole = (owner: Owner): Owner =>
    namedAdmins.includes(owner) ? { ...owner, role: "admin" } : owner

  /** An owner without an own account, as vouched for by an issuer; null if they are disabled. */
  async function findOwner(
    vouched: Pick<Owner, "issuer" | "subject" | "email" | "role">,
  ): Promise<Owner | null> {
    const id = ownerIdOf(vouched)
    const state = await findOwnerState(id)
    if (state?.isDisabled) return null
    const { issuer, subject, email, role } = vouched
    return withNamedRole({ id, issuer, subject, email, role, createdAt: state?.createdAt ?? null })
  }

  async function byApiKey(apiKey: string, client: Pick<ClientInfo, "address">): Promise<Authentication> {
    const verified = await deps.verifyApiKey(apiKey, client)
    if ("cause" in verified) return { caller: null, problem: "invalid", ...verified }
    const { id: apiKeyId, owner, label, metadata, scopes: stored, expiresAt } = verified.row
    deps.lastUsed.note(apiKeyId)
    observer?.verdict("apiKey", "accepted")
    return {
      caller: {
        owner: withNamedRole(owner),
        scopes: scopes.expand(stored),
        isScoped: stored !== null,
        manage: "write",
        ...(expiresAt && { expiresAt }),
        via: "apiKey",
        apiKeyId,
        label,
        metadata,
      },
    }
  }

  async function byAccessToken(accessToken: string): Promise<Authentication> {
    const claims = deps.passwords === "on" ? await verifyAccessToken(accessToken) : null
    if (!claims) return reject("accessToken", "invalid")
    const session = await findSession(claims.sessionId)
    if (session?.user.id !== claims.userId) return reject("accessToken", "ended")
    observer?.verdict("accessToken", "accepted")
    const { user } = session
    return {
      caller: {
        owner: withNamedRole({ ...user, issuer: OWN_ISSUER, subject: user.id }),
        scopes: scopes.declared,
        isScoped: false,
        manage: "write",
        expiresAt: fromSeconds(claims.expiresAt),
        via: "jwt",
        sessionId: session.id,
      },
    }
  }

  async function byIssuerToken(
    trusted: TrustedIssuers,
    issuer: string,
    token: string,
  ): Promise<Authentication> {
    const claims = await trusted.verify(issuer, token)
    if (!claims) return reject("accessToken", "invalid")
    const { subject, actor, clientId, issuedAt } = claims
    const owner = await findOwner({ issuer, subject, email: null, role: "user" })
    if (!owner) return { ...reject("accessToken", "ended"), cause: "ownerDisabled" }
    observer?.verdict("accessToken", "accepted")
    return {
      caller: {
        owner,
        ...(actor !== undefined && { actor }),
        scopes: scopes.expand(claims.scopes),
        isScoped: claims.scopes !== null,
        manage: claims.manage,
        expiresAt: fromSeconds(claims.expiresAt),
        via: "jwt",
        ...(clientId !== undefined && { clientId }),
        ...(issuedAt !== undefined && { issuedAt: fromSeconds(issuedAt) }),
      },
    }
  }

  /** @param credential whether there is one, which only the host can read. */
  async function byHost(
    credential: "none" | "foreign",
    headers: Headers,
    request: unknown,
  ): Promise<Authentication> {
    const identity = askHost ? await askHost(headers, request) : null
    if (!identity) {
      if (credential === "foreign") return { ...reject("none", "malformed"), cause: "malformed" }
      observer?.verdict("none", "none")
      return { caller: null, problem: "none", cause: "none" }
    }
    const { issuer, subject, actor, email = null, role = "user", manage = "write" } = identity
    const owner = await findOwner({ issuer, subject, email, role })
    if (!owner) return { ...reject("host", "ended"), cause: "ownerDisabled" }
    observer?.verdict("host", "accepted")
    return {
      caller: {
        owner,
        ...(actor !== undefined && actor !== subject && { actor }),
        scopes: scopes.declared,
        isScoped: false,
        manage,
        via: "host",
      },
    }
  }

  function reject(credential: CredentialKind, verdict: Verdict): Rejection {
    observer?.verdict(credential, verdict)
    return { caller: null, problem: "invalid", cause: "unknown" }
  }

  function decide(
    credential: Exclude<Credential, { kind: "ambiguous" }>,
    { headers, client, request }: { headers: Headers; client: Pick<ClientInfo, "address">; request: unknown },
  ): Promise<Authentication> {
    switch (credential.kind) {
      case "apiKey":
        return byApiKey(credential.apiKey, client)
      case "accessToken":
        return byAccessToken(credential.accessToken)
      case "issuerToken":
        if (!trustedIssuers) throw new TypeError("no trusted issuers")
        return byIssuerToken(trustedIssuers, credential.issuer, credential.token)
      case "none":
      case "foreign":
        return byHost(credential.kind, headers, request)
    }
  }

  return async (headers, client = unknownClient, request) => {
    const credential = readCredential(headers, issuers)
    if (credential.kind === "ambiguous") {
      observer?.verdict("none", "ambiguous")
      return { caller: null, problem: "ambiguous", cause: "malformed" }
    }
    try {
      return await decide(credential, { headers, client, request })
    } catch (error) {
      observer?.verdict(KIND[credential.kind], "unavailable")
      throw error
    }
  }
}

const KIND = {
  apiKey: "apiKey",
  accessToken: "accessToken",
  issuerToken: "accessToken",
  none: "host",
  foreign: "host",
} as const satisfies Record<string, CredentialKind>

const fromSeconds = (seconds: number) => new Date(seconds * 1000)
