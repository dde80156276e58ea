import { metadataUrl } from "./protectedResource.ts"
import type { RequestState } from "./requestState.ts"

/**
 * The `WWW-Authenticate` header of a 401 or 403 response (RFC 6750, section 3). It names an error only if the request
 * had a credential. With trusted issuers, it tells clients where to find them.
 */
export function challenge(
  status: 401 | 403,
  {
    hasCredential,
    failures,
    protectedResource,
    basic = null,
  }: Pick<RequestState, "hasCredential" | "failures" | "protectedResource"> &
    Partial<Pick<RequestState, "basic">>,
): Record<string, string> {
  // A client gets a challenge of the scheme that it has tried (RFC 6749, section 5.2).
  if (status === 401 && basic) return { "WWW-Authenticate": 'Basic realm="latchkey"' }
  const failure = failures.find((recorded) => recorded.failure.status === status)?.failure
  if (status === 403 && !failure?.scope) return {}
  const parameters = ['realm="latchkey"']
  if (failure?.scope) parameters.push(`error="insufficient_scope", scope="${failure.scope.join(" ")}"`)
  else if (hasCredential && failure?.reason === "UNAUTHENTICATED") parameters.push('error="invalid_token"')
  if (protectedResource) parameters.push(`resource_metadata="${metadataUrl(protectedResource)}"`)
  return { "WWW-Authenticate": `Bearer ${parameters.join(", ")}` }
}
