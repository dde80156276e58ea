import { mayAnswerHost, type RequestState } from "@latchkey/api"
import { AuthError, requireScopes } from "@latchkey/auth"
import type { Caller, RefusalCause, Requirement } from "../types.ts"
import { asList, VIA_NAMES } from "./checkDeclared.ts"

/** A known caller that may not do this. */
export interface Lack {
  cause: RefusalCause
  error: AuthError
}

/**
 * The reason why a caller may not do what it asks for; null if it may.
 *
 * @param options.keysNeedScope whether keys are refused unless a scope is declared, even if only as an empty list.
 */
export function findLack(
  caller: Caller,
  requirement: Requirement,
  { request, isUnsafe, keysNeedScope }: { request: RequestState; isUnsafe: boolean; keysNeedScope: boolean },
): Lack | null {
  const via = asList(requirement.via)
  if (via.length > 0 && !via.includes(caller.via)) {
    const expected = via.map((one) => VIA_NAMES[one]).join(" or ")
    return { cause: "via", error: new AuthError("FORBIDDEN", `This needs ${expected}.`) }
  }
  const provesOrigin = caller.via !== "host" || mayAnswerHost(request, { isChange: isUnsafe })
  if (!provesOrigin && requirement.sameOrigin !== false) {
    return {
      cause: "origin",
      error: new AuthError("FORBIDDEN", "Only pages of this server's own origin may do this."),
    }
  }
  if (keysNeedScope && caller.via === "apiKey" && requirement.scope === undefined) {
    return { cause: "scope", error: new AuthError("FORBIDDEN", "API keys can't do this.") }
  }
  try {
    requireScopes(caller, asList(requirement.scope))
    return null
  } catch (error) {
    return { cause: "scope", error: error as AuthError }
  }
}
