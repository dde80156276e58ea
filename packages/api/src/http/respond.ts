import { appRouter, type Failure, failure } from "@latchkey/api"
import { getTRPCErrorShape, TRPCError, transformTRPCResponse } from "@trpc/server"
import type { AppContext, Exchange } from "./requestState.ts"
import { limitHeaders } from "./rateLimitHeaders.ts"

/** What a browser is told of every answer: it is data, for nobody to frame, sniff or embed. ASVS 5.0, 3.4. */
export const SAFE_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
}

/** No cache may keep an answer, a 404 included, unless the answer has a rule of its own, as the dashboard's files do. */
const USUAL_HEADERS = { ...SAFE_HEADERS, "cache-control": "no-store" }

/**
 * No cache may keep what depends on a credential. For caches that are configured to keep it all the same, `Vary` names
 * everything that the answer depends on, so that they don't give one caller's answer to another.
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
 * The headers of an answer: those that every one has, and its own. Made in one piece, as adding to a finished
 * `Response` costs more than all the rest of a call.
 */
function allHeaders(c: AppContext, status: number, own?: Record<string, string>): Record<string, string> {
  const { requestId, isPrivate, setCookie, api, failures } = c.get("exchange")
  return {
    ...USUAL_HEADERS,
    "X-Request-Id": requestId,
    ...(setCookie !== null && { "Set-Cookie": setCookie }),
    ...headersByStatus[status],
    ...((api.standing !== null || failures.length > 0) && limitHeaders(api.standing, failures)),
    ...own,
    ...(isPrivate && PRIVATE_HEADERS),
  }
}

/** JSON, as text. */
export function respond(
  c: AppContext,
  status: number,
  json: string,
  headers: Record<string, string> = JSON_HEADERS,
): Response {
  c.get("exchange").status = status
  return new Response(json, { status, headers: allHeaders(c, status, headers) })
}

/** What JSON is sent as; headers given to `respond` take the place of it and include it. */
export const JSON_HEADERS = { "Content-Type": "application/json" }

/** No body. */
export function respondEmpty(c: AppContext): Response {
  c.get("exchange").status = 204
  return new Response(null, { status: 204, headers: allHeaders(c, 204) })
}

/** Gives the headers that every answer has to one that was made elsewhere. */
export function complete(c: AppContext, response: Response): Response {
  const exchange = c.get("exchange")
  exchange.status = response.status
  const headers = allHeaders(c, response.status, Object.fromEntries(response.headers))
  return new Response(watch(response.body, exchange), { status: response.status, headers })
}

function watch(body: Response["body"], exchange: Exchange) {
  if (body === null) return null
  const { readable, writable } = new TransformStream()
  exchange.stream = body.pipeTo(writable)
  return readable
}

/** A failure as the contract has it: in tRPC's form below `/trpc`, in REST's everywhere else. */
export function respondWithFailure(
  c: AppContext,
  failure: Failure,
  { error, headers }: { error?: unknown; headers?: Record<string, string> } = {},
): Response {
  const { requestId, api, failures } = c.get("exchange")
  failures.push({ failure, error })
  if (!isTrpc(c.req.path))
    return respond(c, failure.status, JSON.stringify(restError(failure, requestId)), headers)
  const shape = getTRPCErrorShape({
    config: appRouter._def._config,
    error: new TRPCError({ code: failure.code, cause: error }),
    type: "unknown",
    path: undefined,
    input: undefined,
    ctx: api,
  })
  const body = transformTRPCResponse(appRouter._def._config, { error: shape })
  return respond(c, failure.status, JSON.stringify(body), headers)
}

/** For a path that is there, and a method that it does not answer to (RFC 9110, section 15.5.6). */
export const refuseMethod = (c: AppContext, allowed: readonly string[]) =>
  respondWithFailure(c, failure("METHOD_NOT_ALLOWED", "This path does not answer to this method."), {
    headers: { ...JSON_HEADERS, Allow: allowed.join(", ") },
  })

export const restError = ({ status: _, ...rest }: Failure, requestId: string) => ({ ...rest, requestId })

const isTrpc = (path: string) => path === "/trpc" || path.startsWith("/trpc/")
