import { type Authentication, invalid, type Report } from "./authentication.ts"
import type { FindOwner } from "./createFindOwner.ts"
import { createAskHost, type Identify } from "./identify.ts"
import type { Scopes } from "./scopes.ts"

/** Authenticates by the host's own sessions, for example by its cookie. */
export function createByHost(deps: {
  identify: Identify | undefined
  /** The issuers that the host may name; the first is the default. */
  issuers: readonly [string, ...string[]]
  findOwner: FindOwner
  scopes: Scopes
  report: Report
}): (credential: "none" | "foreign", headers: Headers, request: unknown) => Promise<Authentication> {
  const askHost = deps.identify && createAskHost(deps.identify, { issuers: deps.issuers })

  return async (credential, headers, request) => {
    const identity = askHost ? await askHost(headers, request) : null
    if (!identity) {
      deps.report("none", credential === "none" ? "none" : "malformed")
      return credential === "none" ? { caller: null, problem: "none", cause: "none" } : invalid("malformed")
    }
    const { issuer, subject, actor, email = null, role = "user", manage = "write" } = identity
    const owner = await deps.findOwner({ issuer, subject, email, role })
    deps.report("host", owner ? "accepted" : "ended")
    if (!owner) return invalid("ownerDisabled")
    return {
      caller: {
        owner,
        ...(actor !== undefined && actor !== subject && { actor }),
        scopes: deps.scopes.declared,
        isScoped: false,
        manage,
        via: "host",
      },
    }
  }
}
