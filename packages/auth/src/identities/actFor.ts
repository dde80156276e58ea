import { OWN_ISSUER } from "@latchkey/db"
import { AuthError } from "../errors.ts"
import { managerOf, type NamedAdmins, type NamedOwner } from "./administrator.ts"
import type { Caller } from "./caller.ts"
import type { FindOwner } from "./createFindOwner.ts"
import { isSubject } from "./isSubject.ts"
import type { ReadOwner } from "./readOwner.ts"
import type { Scopes } from "./scopes.ts"

/**
 * The caller that a key with `latchkey:manage` represents when it acts for an owner.
 *
 * @param named.actor the person who acts for the owner.
 * @throws {AuthError} `FORBIDDEN` for callers without a key, for Latchkey's own accounts and disabled owners,
 *   `INSUFFICIENT_SCOPE`, `INVALID_INPUT` for an issuer that this server does not serve, or an impossible subject or
 *   actor.
 */
export type ActFor = (caller: Caller, named: NamedOwner & { actor?: string | undefined }) => Promise<Caller>

export function createActFor(deps: {
  readOwner: ReadOwner
  findOwner: FindOwner
  namedAdmins: NamedAdmins
  scopes: Scopes
}): ActFor {
  return async (caller, { actor, ...named }) => {
    const manager = managerOf(deps.namedAdmins, caller)
    if (caller.via !== "apiKey") throw new TypeError("a manager without a key")
    if (named.issuer === OWN_ISSUER) {
      throw new AuthError("FORBIDDEN", "Nobody may act for accounts of Latchkey's own.")
    }
    deps.readOwner(named)
    if (actor !== undefined && !isSubject(actor)) {
      throw new AuthError("INVALID_INPUT", "Latchkey-Actor must have 1 to 255 characters", {
        field: "Latchkey-Actor",
      })
    }
    const owner = await deps.findOwner({ ...named, email: null, role: "user" })
    if (!owner) throw new AuthError("FORBIDDEN", "The owner is disabled.")
    const { apiKeyId, fingerprint, label, metadata } = caller
    return {
      owner: { ...owner, role: "user" },
      ...(actor !== undefined && actor !== owner.subject && { actor }),
      scopes: deps.scopes.declared,
      isScoped: false,
      manage: "write",
      ...{ via: "apiKey", apiKeyId, label, metadata, manager },
      ...(fingerprint !== undefined && { fingerprint }),
    }
  }
}
