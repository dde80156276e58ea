import { type AdminResult, type ByAdmin, OWN_ISSUER } from "@latchkey/db"
import { AuthError, requireDone } from "../errors.ts"
import { actingCredentialOf, type Caller, type Owner } from "./caller.ts"
import { ownerIdOf } from "./ownerIdOf.ts"
import { MANAGE, requireScopes } from "./scopes.ts"

/** An administrator, and the credential that authenticated the request. */
export type Administrator = ByAdmin

/** An owner as named by configuration. */
export interface NamedOwner {
  issuer: string
  subject: string
}

/** The owners who are administrators by configuration. */
export interface NamedAdmins {
  readonly ids: readonly string[]
  /** The issuers that this server serves. Owners of other issuers belong to other products on the same database. */
  readonly servedIssuers: readonly string[]
  includes(owner: NamedOwner): boolean
  /** Whether one of Latchkey's own accounts is among them. */
  isNamedAccount(id: string): boolean
  /** The owner with the role that configuration gives them. */
  withRole(owner: Owner): Owner
}

/** @param subjects those of other issuers are ignored. */
export function createNamedAdmins(
  subjects: readonly NamedOwner[],
  servedIssuers: ReadonlySet<string>,
): NamedAdmins {
  const key = ({ issuer, subject }: NamedOwner) => `${issuer}\0${subject}`
  const served = subjects.filter(({ issuer }) => servedIssuers.has(issuer))
  const named = new Set(served.map(key))
  const includes = (owner: NamedOwner) => named.size > 0 && named.has(key(owner))
  return {
    ids: served.map(ownerIdOf),
    servedIssuers: [...servedIssuers],
    includes,
    isNamedAccount: (id) => includes({ issuer: OWN_ISSUER, subject: id.toLowerCase() }),
    withRole: (owner) => (includes(owner) ? { ...owner, role: "admin" } : owner),
  }
}

/**
 * The caller as an administrator of the owners whose issuers are served. Administrators need a JWT, or must be
 * identified by the host: a leaked key must not give access to all keys. The operator's configured keys may administer
 * too, except for Latchkey's own accounts.
 *
 * @param options.acceptsManagers whether administrators' keys with `latchkey:manage` may do it too.
 * @throws {AuthError} `FORBIDDEN` for other users, and for other API keys.
 */
export function administratorOf(
  namedAdmins: NamedAdmins,
  caller: Caller,
  { acceptsManagers = false }: { acceptsManagers?: boolean } = {},
): Administrator {
  const { owner } = caller
  const isConfigured = caller.via === "apiKey" && caller.isConfigured === true
  if (acceptsManagers && caller.via === "apiKey" && caller.scopes.includes(MANAGE)) {
    return managerOf(namedAdmins, caller)
  }
  if ((caller.via === "apiKey" && !isConfigured) || owner.role !== "admin") throw notAdmin()
  // A token that may not manage its own owner's keys was issued to a third party, which must not manage everybody's.
  if (caller.manage === "read") throw notAdmin()
  if (isConfigured) return managerOf(namedAdmins, caller)
  if (lacksSecondFactor(caller)) {
    throw new AuthError("FORBIDDEN", "Administrators need a second factor here; set it up first.")
  }
  const isStored = owner.issuer === OWN_ISSUER && !namedAdmins.includes(owner)
  return {
    ...actingCredentialOf(caller),
    appointedBy: isStored ? "account" : "host",
    issuers: namedAdmins.servedIssuers,
    ...(caller.via === "jwt" && caller.secondFactor !== undefined && { needsSecondFactor: true }),
  }
}

/**
 * The administrator whose key may manage owners other than Latchkey's own accounts.
 *
 * @throws {AuthError} `FORBIDDEN` without a key, `INSUFFICIENT_SCOPE`.
 */
export function managerOf(namedAdmins: NamedAdmins, caller: Caller): Administrator {
  if (caller.via !== "apiKey") throw new AuthError("FORBIDDEN", "Only API keys may act for others.")
  requireScopes(caller, [MANAGE])
  const isStored = caller.owner.issuer === OWN_ISSUER && !namedAdmins.includes(caller.owner)
  const credential = actingCredentialOf(caller)
  return {
    ...credential,
    ...(credential.via === "apiKey" && { scope: MANAGE }),
    appointedBy: isStored ? "account" : "host",
    issuers: namedAdmins.servedIssuers.filter((issuer) => issuer !== OWN_ISSUER),
  }
}

/** Like `requireDone`. @throws {AuthError} also `FORBIDDEN` if the caller is no longer an administrator. */
export function requireDoneByAdmin(result: AdminResult, notFound: string) {
  if (result === "notAdmin") throw notAdmin()
  requireDone(result, notFound)
}

/**
 * Whether the caller is an administrator by an account or by configuration, so that this is also known when their
 * keys are used. It is unknown then for administrators whom only the host's `identify` names.
 */
export function isKnownAdministrator(namedAdmins: NamedAdmins, caller: Caller): boolean {
  const { via, owner } = caller
  if (via === "apiKey" || owner.role !== "admin" || lacksSecondFactor(caller)) return false
  return owner.issuer === OWN_ISSUER || namedAdmins.includes(owner)
}

const lacksSecondFactor = (caller: Caller) => caller.via === "jwt" && caller.secondFactor === "missing"

const notAdmin = () => new AuthError("FORBIDDEN", "Only administrators can do this, with an access token.")
