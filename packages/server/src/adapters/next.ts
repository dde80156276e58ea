import type { AddressOption, Caller, LatchkeyServer, Mountable, Requirement } from "../types.ts"
import { checkDeclared } from "../verify/checkDeclared.ts"
import { guardedHeaders } from "./guardedHeaders.ts"

type RouteHandler = (request: Request) => Promise<Response>

/**
 * Serves a Latchkey as the route handler of `app/latchkey/[[...path]]/route.ts`:
 * `export const { GET, POST, PATCH, DELETE, OPTIONS } = latchkeyHandler(latchkey)`.
 */
export function latchkeyHandler(
  latchkey: Mountable,
  { address }: AddressOption<Request> = {},
): Record<"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS", RouteHandler> {
  const handle: RouteHandler = (request) => latchkey.fetch(request, { address: address?.(request), request })
  return {
    GET: handle,
    HEAD: handle,
    POST: handle,
    PUT: handle,
    PATCH: handle,
    DELETE: handle,
    OPTIONS: handle,
  }
}

/**
 * Calls a route handler only for callers who meet the requirement. Its second argument contains the caller.
 *
 * @throws {TypeError} for an undeclared scope and for an unknown `via`.
 */
export function guard<Scope extends string>(
  latchkey: LatchkeyServer<Scope>,
  { address, ...requirement }: Requirement<NoInfer<Scope>> & AddressOption<Request> = {},
): <RouteContext extends object>(
  handler: (
    request: Request,
    context: RouteContext & { caller: Caller<Scope> },
  ) => Response | Promise<Response>,
) => (request: Request, context: RouteContext) => Promise<Response> {
  checkDeclared(requirement, latchkey.scopes)
  return (handler) => async (request, context) => {
    const verdict = await latchkey.authenticate(request.headers, {
      ...requirement,
      method: request.method,
      address: address?.(request),
      request,
    })
    if (!verdict.ok) return verdict.toResponse()
    const response = await handler(request, { ...context, caller: verdict.caller })
    const guarded = guardedHeaders(verdict, response.headers.has("cache-control"))
    if (guarded.length === 0) return response
    // The headers of a response from `fetch` can't be changed.
    const headers = new Headers(response.headers)
    for (const [name, value] of guarded) headers.set(name, value)
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
  }
}
