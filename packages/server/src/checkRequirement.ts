import { mayAnswerHost, type RequestState } from "@latchkey/api"
import { AuthError, insufficientScope } from "@latchkey/auth"
import type { Caller, RefusalCause, Requirement, Via } from "./types.ts"

/** A caller that is known, but may not do this. */
export interface Lack {
  cause: RefusalCause
  error: AuthError
}

const NAMES: Record<Via, string> = { jwt: "an access token", apiKey: "an API key", host: "a signed-in user" }

const asList = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : ([value].flat() as T[])

/** What stands between a caller and what it asks for; null for nothing. */
export function findLack(
  caller: Caller,
  requirement: Requirement,
  { request, isUnsafe }: { request: RequestState; isUnsafe: boolean },
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
  const scope = asList(requirement.scope)
  if (!scope.every((one) => caller.scopes.includes(one))) {
    return { cause: "scope", error: insufficientScope(scope) }
  }
  return null
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
