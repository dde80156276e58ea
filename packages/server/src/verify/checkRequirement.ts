import { mayAnswerHost, type RequestState } from "@latchkey/api"
import { AuthError, requireScopes } from "@latchkey/auth"
import type { Caller, RefusalCause, Requirement, Via } from "../types.ts"

/** A caller that is known, but may not do this. */
export interface Lack {
  cause: RefusalCause
  error: AuthError
}

const NAMES: Record<Via, string> = { jwt: "an access token", apiKey: "an API key", host: "a signed-in user" }

const asList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : ([value].flat() as T[])

/**
 * What stands between a caller and what it asks for; null for nothing.
 *
 * @param options.keysNeedScope whether keys are refused unless a scope is stated, if only as an empty list.
 */
export function findLack(
  caller: Caller,
  requirement: Requirement,
  { request, isUnsafe, keysNeedScope }: { request: RequestState; isUnsafe: boolean; keysNeedScope: boolean },
): Lack | null {
  const via = asList(requirement.via)
  if (via.length > 0 && !via.includes(caller.via)) {
    const expected = via.map((one) => NAMES[one]).join(" or ")
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

/**
 * Checks what a call asks for against what has been declared.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function checkDeclared({ scope, via }: Requirement, declared: readonly string[]): void {
  for (const one of asList(scope)) {
    if (!declared.includes(one)) throw new TypeError(`scope: "${one}" is not among the option scopes`)
  }
  for (const one of asList(via)) {
    if (!Object.hasOwn(NAMES, one)) throw new TypeError('via: expected "jwt", "apiKey" or "host"')
  }
}
