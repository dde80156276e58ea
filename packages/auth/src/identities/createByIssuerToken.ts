import { type Authentication, fromSeconds, invalid, type Report } from "./authentication.ts"
import type { FindOwner } from "./createFindOwner.ts"
import type { Scopes } from "./scopes.ts"
import type { TrustedIssuers } from "./trustedIssuers/createTrustedIssuers.ts"

/** Authenticates by the JWTs of trusted issuers. */
export function createByIssuerToken(deps: {
  trustedIssuers: TrustedIssuers
  findOwner: FindOwner
  scopes: Scopes
  report: Report
}): (issuer: string, token: string) => Promise<Authentication> {
  return async (issuer, token) => {
    const claims = await deps.trustedIssuers.verify(issuer, token)
    if (!claims) {
      deps.report("accessToken", "invalid")
      return invalid("unknown")
    }
    const { subject, actor, clientId, issuedAt } = claims
    const owner = await deps.findOwner({ issuer, subject, email: null, role: "user" })
    deps.report("accessToken", owner ? "accepted" : "ended")
    if (!owner) return invalid("ownerDisabled")
    return {
      caller: {
        owner,
        ...(actor !== undefined && { actor }),
        scopes: deps.scopes.expand(claims.scopes),
        isScoped: claims.scopes !== null,
        manage: claims.manage,
        expiresAt: fromSeconds(claims.expiresAt),
        via: "jwt",
        ...(clientId !== undefined && { clientId }),
        ...(issuedAt !== undefined && { issuedAt: fromSeconds(issuedAt) }),
      },
    }
  }
}
