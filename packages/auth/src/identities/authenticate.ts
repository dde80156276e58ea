import type { Database } from "@latchkey/db"
import type { Presenter } from "../clientInfo.ts"
import type { Keyring } from "../crypto/keyring.ts"
import type { ImportedForms } from "../keys/imported/importedForm.ts"
import type { Counting } from "../keys/keyCalls.ts"
import type { LastUsed } from "../keys/lastUsed.ts"
import type { VerifyApiKey } from "../keys/verifying/verifyApiKey.ts"
import type { Memory } from "../memory.ts"
import type { AuthObserver, CredentialKind } from "../observer.ts"
import type { NamedAdmins } from "./administrator.ts"
import { type Authentication, createReport, invalid } from "./authentication.ts"
import type { ConfiguredKeyCallers } from "./configuredKeys.ts"
import { createByAccessToken } from "./createByAccessToken.ts"
import { createByApiKey } from "./createByApiKey.ts"
import { createByHost } from "./createByHost.ts"
import { createByIssuerToken } from "./createByIssuerToken.ts"
import type { FindOwner } from "./createFindOwner.ts"
import type { Identify } from "./identify.ts"
import { createNarrowScopes, type ScopesOf } from "./narrowScopes.ts"
import { createByOwnerToken } from "./ownerTokens/createByOwnerToken.ts"
import { createFindManager } from "./ownerTokens/createFindManager.ts"
import { type Credential, readCredential, readToken } from "./readCredential.ts"
import type { Scopes } from "./scopes.ts"
import type { TrustedIssuers } from "./trustedIssuers/createTrustedIssuers.ts"

/** Shared by requests without an address. */
const unknownClient = { address: "unknown" }

/**
 * @param client a key has to allow its address.
 * @param request the host's own request, for `identify`.
 */
export type Authenticate = (
  headers: Headers,
  client?: Presenter,
  request?: unknown,
) => Promise<Authentication>

/**
 * Authenticates the holder of a key or JWT that somebody else presents (RFC 7662). The host is not asked.
 *
 * @param client the client that presented it to the caller.
 */
export type Introspect = (token: string, client?: Partial<Presenter>) => Promise<Authentication>

/** The kind of credential, for metrics. */
const KIND = {
  apiKey: "apiKey",
  accessToken: "accessToken",
  ownerToken: "ownerToken",
  issuerToken: "accessToken",
  none: "host",
  foreign: "host",
} as const satisfies Record<Exclude<Credential["kind"], "ambiguous">, CredentialKind>

/**
 * Authenticates requests by the current state of the database: a key that was revoked, a session that ended, or an
 * owner who was disabled before the request arrived is rejected. The format of the credential selects the check that
 * decides, and no other check runs: the host is asked only about requests without one of Latchkey's credentials.
 *
 * @throws if there is no verdict: {AuthError} `UNAVAILABLE`, or `DatabaseUnavailable`.
 */
export function createAuthenticate(options: {
  db: Database
  memory: Memory | undefined
  keyring: Keyring
  verifyApiKey: VerifyApiKey
  lastUsed: LastUsed
  counting: Counting
  scopes: Scopes
  namedAdmins: NamedAdmins
  /** Whether Latchkey has accounts of its own. */
  passwords: "on" | "off"
  hostIssuer: string
  /** Whether administrators with an account need a second factor. */
  adminsNeedSecondFactor: boolean
  identify: Identify | undefined
  scopesOf: ScopesOf | undefined
  findOwner: FindOwner
  configuredKeys: ConfiguredKeyCallers
  imported: ImportedForms
  /** Whether owners of an issuer, and their keys, are accepted here. */
  serves: (issuer: string) => boolean
  trustedIssuers: TrustedIssuers | undefined
  observer: AuthObserver | undefined
}): { authenticate: Authenticate; introspect: Introspect } {
  const { passwords, hostIssuer, trustedIssuers, observer } = options
  const { imported } = options
  const issuers = trustedIssuers?.issuers ?? []
  const forms = { issuers, imported }
  const report = createReport(observer)
  const deps = { ...options, report }
  const byApiKey = createByApiKey(deps)
  const byAccessToken = passwords === "on" ? createByAccessToken(deps) : undefined
  const byOwnerToken = createByOwnerToken({ ...deps, findManager: createFindManager(deps) })
  const byIssuerToken = trustedIssuers && createByIssuerToken({ ...deps, trustedIssuers })
  const byHost = createByHost({ ...deps, issuers: [hostIssuer, ...issuers] })
  const narrowScopes = options.scopesOf && createNarrowScopes(options.scopesOf, options.scopes)

  // On the hot path: without `async`, there is one promise less to wait for.
  function decide(
    credential: Exclude<Credential, { kind: "ambiguous" }>,
    { headers, client, request }: Presented,
  ): Promise<Authentication> | Authentication {
    switch (credential.kind) {
      case "apiKey": {
        // Such a key speaks for this server, and is valid only for this server.
        const configured = headers && options.configuredKeys.find(credential.apiKey)
        if (!configured) return byApiKey(credential.apiKey, client)
        report("apiKey", "accepted")
        return { caller: configured }
      }
      case "accessToken":
        if (byAccessToken) return byAccessToken(credential.accessToken)
        report("accessToken", "invalid")
        return invalid("unknown")
      case "ownerToken":
        return byOwnerToken(credential.token)
      case "issuerToken":
        if (!byIssuerToken) throw new TypeError("no trusted issuers")
        return byIssuerToken(credential.issuer, credential.token)
      case "none":
      case "foreign":
        if (headers) return byHost(credential.kind, headers, request)
        report("none", "malformed")
        return invalid("malformed")
    }
  }

  async function authenticateBy(
    credential: Exclude<Credential, { kind: "ambiguous" }>,
    { headers, client, request }: Presented,
  ): Promise<Authentication> {
    try {
      const decided = await decide(credential, { headers, client, request })
      if (!narrowScopes) return decided
      if (decided.caller) return { ...decided, caller: await narrowScopes(decided.caller, request) }
      const { forKeysOnly } = decided
      return forKeysOnly ? { ...decided, forKeysOnly: await narrowScopes(forKeysOnly, request) } : decided
    } catch (error) {
      report(KIND[credential.kind], "unavailable")
      throw error
    }
  }

  return {
    authenticate(headers, client = unknownClient, request) {
      const credential = readCredential(headers, forms)
      if (credential.kind !== "ambiguous") return authenticateBy(credential, { headers, client, request })
      report("none", "ambiguous")
      return Promise.resolve({ caller: null, problem: "ambiguous", cause: "malformed" })
    },
    introspect(token, client) {
      const credential = readToken(token, forms)
      // Without a request, there is no host to ask, so it can only be a key.
      const isKey = credential.kind === "foreign" && imported.acceptsAny
      return authenticateBy(isKey ? { kind: "apiKey", apiKey: token } : credential, {
        headers: null,
        client: { ...unknownClient, ...client },
        request: undefined,
      })
    },
  }
}

interface Presented {
  /** Null for a credential without a request, which the host can't know. */
  headers: Headers | null
  client: Presenter
  request: unknown
}
