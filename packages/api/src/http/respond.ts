import { TRPCError } from "@trpc/server"
import { type Failure, failure } from "../failure.ts"
import { formatTrpcError, serializeOutput } from "../trpc/callProcedure.ts"
import type { AppContext } from "./app.ts"
import { challenge } from "./challenge.ts"
import { rateLimitHeaders } from "./rateLimitHeaders.ts"
import type { RequestState } from "./requestState.ts"

/** Tell browsers that a response is data, not to be framed, sniffed or embedded (ASVS 5.0, 3.4). */
export const SAFE_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
}

const HSTS = "Strict-Transport-Security"
const { [HSTS]: _hsts, ...headersOfGuest } = SAFE_HEADERS

/** Caches must not store a response, not even a 404, unless it sets its own policy, as the dashboard's files do. */
const DEFAULT_HEADERS = { ...SAFE_HEADERS, "cache-control": "no-store" }
const GUEST_HEADERS = { ...headersOfGuest, "cache-control": "no-store" }

/**
 * Caches must not store responses that depend on a credential. In case a cache is configured to do so anyway, `Vary`
 * lists every header on which the response depends, so that no caller gets another caller's response.
 */
const PRIVATE_HEADERS = {
  "cache-control": "no-store",
  vary: "Authorization, X-API-Key, Latchkey-On-Behalf-Of, Cookie, trpc-accept, Accept",
}

const headersByStatus: Record<number, Record<string, string>> = {
  503: { "Retry-After": "1" },
}

/**
 * All headers of a response: the common ones and its own. They are built at once, because adding headers to an existing
 * `Response` costs more than the rest of a call.
 */
function allHeaders(c: AppContext, status: number, own?: Record<string, string>): Record<string, string> {
  const request = c.get("request")
  const { requestId, setCookie, rateLimit, failures, sendsHsts } = request
  return {
    ...(sendsHsts ? DEFAULT_HEADERS : GUEST_HEADERS),
    "X-Request-Id": requestId,
    ...(setCookie !== null && { "Set-Cookie": setCookie }),
    ...headersByStatus[status],
    ...((status === 401 || status === 403) && challenge(status, request)),
    ...((rateLimit !== null || failures.length > 0) && rateLimitHeaders(request)),
    ...own,
    ...(dependsOnCredential(c.req.path) && PRIVATE_HEADERS),
  }
}

const dependsOnCredential = (path: string) => /^\/(auth|oauth|trpc)(\/|$)/.test(path)

/**
 * A response with JSON as its body. `headers` replaces the content type.
 *
 * @param json a long document that is always the same should be bytes: as text, it would be encoded again for every
 *   response, and kept in memory for every client that is slow to read it.
 */
export function respond(
  c: AppContext,
  status: number,
  json: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = JSON_HEADERS,
): Response {
  c.get("request").status = status
  return new Response(json, { status, headers: allHeaders(c, status, headers) })
}

const JSON_HEADERS = { "Content-Type": "application/json" }

/** A response without a body. */
export function respondEmpty(
  c: AppContext,
  headers?: Record<string, string>,
  status: 202 | 204 = 204,
): Response {
  c.get("request").status = status
  return new Response(null, { status, headers: allHeaders(c, status, headers) })
}

/** Adds the common headers to a response that a library created. */
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

/**
 * A failure in the contract's format: tRPC's under `/trpc`, REST's everywhere else.
 *
 * @param options.status replaces the failure's own.
 */
export function respondWithFailure(
  c: AppContext,
  failure: Failure,
  {
    error,
    status = failure.status,
    headers,
  }: { error?: unknown; status?: number; headers?: Record<string, string> } = {},
): Response {
  const { requestId, failures } = c.get("request")
  failures.push({ failure, error })
  const body = isTrpc(c.req.path)
    ? { error: serializeOutput(trpcShape(c, failure, error)) }
    : restError(failure, requestId)
  return respond(c, status, JSON.stringify(body), headers)
}

const trpcShape = (c: AppContext, { code }: Failure, cause: unknown) =>
  formatTrpcError(new TRPCError({ code, cause }), c.get("procedureContext"))

/** A 405 response, for a path that exists but does not support the method (RFC 9110, section 15.5.6). */
export const refuseMethod = (c: AppContext, allowed: readonly string[]) =>
  respondWithFailure(c, failure("METHOD_NOT_ALLOWED", "This path does not support this method."), {
    headers: { ...JSON_HEADERS, Allow: allowed.join(", ") },
  })

/** A failure as REST clients receive it. */
export const restError = ({ status: _, scope: __, ...rest }: Failure, requestId: string) => ({
  ...rest,
  requestId,
})

const isTrpc = (path: string) => path === "/trpc" || path.startsWith("/trpc/")
