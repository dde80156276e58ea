import { isFromOwnPage, type RequestState } from "@latchkey/api"
import { AuthError } from "@latchkey/auth"
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
  {
    request,
    isUnsafe,
    allowedOrigins,
  }: { request: RequestState; isUnsafe: boolean; allowedOrigins: readonly string[] },
): Lack | null {
  const via = asList(requirement.via)
  if (via.length > 0 && !via.includes(caller.via)) {
    const expected = via.map((one) => NAMES[one]).join(" or ")
    return { cause: "via", error: new AuthError("FORBIDDEN", `This needs ${expected}.`) }
  }
  if (
    caller.via === "host" &&
    isUnsafe &&
    requirement.sameOrigin !== false &&
    !isFromHostsPage(request, allowedOrigins)
  ) {
    return {
      cause: "origin",
      error: new AuthError("FORBIDDEN", "Only pages of this server's own origin may do this."),
    }
  }
  const missing = asList(requirement.scope).filter((scope) => !caller.scopes.includes(scope))
  if (missing.length > 0) {
    return {
      cause: "scope",
      error: new AuthError("INSUFFICIENT_SCOPE", `This needs the scope ${missing.join(" and ")}.`, {
        scope: asList(requirement.scope),
      }),
    }
  }
  return null
}

function isFromHostsPage(request: RequestState, allowedOrigins: readonly string[]) {
  const origin = request.headers.get("origin")
  return isFromOwnPage(request) || (origin !== null && allowedOrigins.includes(origin))
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
