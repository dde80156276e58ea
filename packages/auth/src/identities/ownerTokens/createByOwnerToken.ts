import { OWN_ISSUER } from "@latchkey/db"
import type { Keyring } from "../../crypto/keyring.ts"
import { type Authentication, fromSeconds, invalid, type Report } from "../authentication.ts"
import type { FindOwner } from "../createFindOwner.ts"
import type { Scopes } from "../scopes.ts"
import type { FindManager } from "./createFindManager.ts"
import { verifyOwnerToken } from "./ownerToken.ts"

/**
 * Authenticates by owner tokens. The owner, and the key that created the token, are read each time, so that the token
 * ends with either of them. The result has no `caller`, only one for the owner's key routes. So everything else
 * rejects such a token without having to know about it.
 */
export function createByOwnerToken(deps: {
  keyring: Keyring
  findOwner: FindOwner
  findManager: FindManager
  scopes: Scopes
  serves: (issuer: string) => boolean
  report: Report
}): (token: string) => Promise<Authentication> {
  return async (token) => {
    const claims = await verifyOwnerToken(deps.keyring, token)
    // The configuration may have changed since the token was created.
    if (!claims || claims.owner.issuer === OWN_ISSUER || !deps.serves(claims.owner.issuer)) {
      deps.report("ownerToken", "invalid")
      return invalid("unknown")
    }
    const { actor, manage, madeBy, issuedAt, expiresAt } = claims
    const [owner, manager] = await Promise.all([
      deps.findOwner({ ...claims.owner, email: null, role: "user" }),
      deps.findManager(madeBy),
    ])
    deps.report("ownerToken", owner && manager ? "accepted" : "ended")
    if (!owner || !manager) return invalid(owner ? "unknown" : "ownerDisabled")
    return {
      ...invalid("unknown"),
      forKeysOnly: {
        // The token administers nothing, whoever the owner is.
        owner: { ...owner, role: "user" },
        ...(actor !== undefined && actor !== owner.subject && { actor }),
        scopes: deps.scopes.declared,
        isScoped: false,
        manage,
        issuedAt: fromSeconds(issuedAt),
        expiresAt: fromSeconds(expiresAt),
        via: "jwt",
        manager,
      },
    }
  }
}
