import { TRPCError } from "@trpc/server"
import { type Failure, failure } from "../failure.ts"
import { formatTrpcError, serializeOutput } from "../trpc/callProcedure.ts"
import type { AppContext } from "./app.ts"
import { rateLimitHeaders } from "./rateLimitHeaders.ts"
import type { RequestState } from "./requestState.ts"

/** Tells browsers that a response is data, which nobody may frame, sniff or embed. ASVS 5.0, 3.4. */
export const SAFE_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
}

/** No cache may keep a response, a 404 included, unless the response has a rule of its own, as the dashboard's files do. */
const USUAL_HEADERS = { ...SAFE_HEADERS, "cache-control": "no-store" }

/**
 * No cache may keep what depends on a credential. For caches that are configured to keep it all the same, `Vary` names
 * everything that the response depends on, so that they don't give one caller's response to another.
 */
const PRIVATE_HEADERS = {
  "cache-control": "no-store",
  vary: "Authorization, X-API-Key, Cookie, trpc-accept, Accept",
}

const headersByStatus: Record<number, Record<string, string>> = {
  401: { "WWW-Authenticate": 'Bearer realm="latchkey"' },
  503: { "Retry-After": "1" },
}

/**
 * All headers of a response: those that every response has, and its own. Built at once, because adding to a finished
 * `Response` costs more than the rest of a call.
 */
function allHeaders(c: AppContext, status: number, own?: Record<string, string>): Record<string, string> {
  const request = c.get("request")
  const { requestId, setCookie, rateLimit, failures } = request
  return {
    ...USUAL_HEADERS,
    "X-Request-Id": requestId,
    ...(setCookie !== null && { "Set-Cookie": setCookie }),
    ...headersByStatus[status],
    ...((rateLimit !== null || failures.length > 0) && rateLimitHeaders(request)),
    ...own,
    ...(dependsOnCredential(c.req.path) && PRIVATE_HEADERS),
  }
}

const dependsOnCredential = (path: string) => /^\/(auth|trpc)(\/|$)/.test(path)

/** JSON, as text. `headers` replace the content type. */
export function respond(
  c: AppContext,
  status: number,
  json: string,
  headers: Record<string, string> = JSON_HEADERS,
): Response {
  c.get("request").status = status
  return new Response(json, { status, headers: allHeaders(c, status, headers) })
}

const JSON_HEADERS = { "Content-Type": "application/json" }

/** A response without a body. */
export function respondEmpty(c: AppContext): Response {
  c.get("request").status = 204
  return new Response(null, { status: 204, headers: allHeaders(c, 204) })
}

/** Adds the headers that every response has to one that a library made. */
export function complete(c: AppContext, response: Response): Response {
  const request = c.get("request")
  request.status = response.status
  const headers = allHeaders(c, response.status, Object.fromEntries(response.headers))
  return new Response(watch(response.body, request), { status: response.status, headers })
}

function watch(body: Response["body"], request: RequestState) {
  if (body === null) return null
  const { readable, writable } = new TransformStream()
  request.streamed = body.pipeTo(writable)
  return readable
}

/** A failure in the contract's form: tRPC's under `/trpc`, REST's everywhere else. */
export function respondWithFailure(
  c: AppContext,
  failure: Failure,
  { error, headers }: { error?: unknown; headers?: Record<string, string> } = {},
): Response {
  const { requestId, failures } = c.get("request")
  failures.push({ failure, error })
  const body = isTrpc(c.req.path)
    ? { error: serializeOutput(trpcShape(c, failure, error)) }
    : restError(failure, requestId)
  return respond(c, failure.status, JSON.stringify(body), headers)
}

const trpcShape = (c: AppContext, { code }: Failure, cause: unknown) =>
  formatTrpcError(new TRPCError({ code, cause }), c.get("procedureContext"))

/** For an existing path that does not support the method (RFC 9110, section 15.5.6). */
export const refuseMethod = (c: AppContext, allowed: readonly string[]) =>
  respondWithFailure(c, failure("METHOD_NOT_ALLOWED", "This path does not support this method."), {
    headers: { ...JSON_HEADERS, Allow: allowed.join(", ") },
  })

export const restError = ({ status: _, ...rest }: Failure, requestId: string) => ({ ...rest, requestId })

const isTrpc = (path: string) => path === "/trpc" || path.startsWith("/trpc/")
