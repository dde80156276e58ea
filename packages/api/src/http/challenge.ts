import type { RequestState } from "./requestState.ts"

/**
 * The `WWW-Authenticate` header of a 401 or 403 response (RFC 6750, section 3). It names an error only if there was a
 * credential to find fault with.
 */
export function challenge(
  status: 401 | 403,
  { hasCredential, failures }: Pick<RequestState, "hasCredential" | "failures">,
): Record<string, string> {
  const failure = failures.find((recorded) => recorded.failure.status === status)?.failure
  if (status === 403) {
    return failure?.scope
      ? withParameters(`error="insufficient_scope", scope="${failure.scope.join(" ")}"`)
      : {}
  }
  const isInvalid = hasCredential && failure?.reason === "UNAUTHENTICATED"
  return withParameters(isInvalid ? 'error="invalid_token"' : "")
}

const withParameters = (parameters: string) => ({
  "WWW-Authenticate": ['Bearer realm="latchkey"', parameters].filter(Boolean).join(", "),
})
