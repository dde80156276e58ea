import { appRouter, type Failure, failure } from "@latchkey/api"
import { getTRPCErrorShape, TRPCError, transformTRPCResponse } from "@trpc/server"
import type { AppContext } from "./exchange.ts"

/** What a browser is told of every answer: it is data, for nobody to frame, sniff or embed. */
const SAFE_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=15552000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
}

const headersByStatus: Record<number, Record<string, string>> = {
  401: { "WWW-Authenticate": 'Bearer realm="latchkey"' },
  429: { "Retry-After": "1" },
  503: { "Retry-After": "1" },
}

/** The headers that every answer has, made in one piece: adding to a finished `Response` costs more than a call. */
function contractHeaders(c: AppContext, status: number): Record<string, string> {
  const { requestId, isPrivate, setCookie } = c.get("exchange")
  return {
    ...SAFE_HEADERS,
    "X-Request-Id": requestId,
    ...(isPrivate && { "Cache-Control": "no-store" }),
    ...(setCookie !== null && { "Set-Cookie": setCookie }),
    ...headersByStatus[status],
  }
}

/** JSON, as text. */
export function respond(
  c: AppContext,
  status: number,
  json: string,
  headers?: Record<string, string>,
): Response {
  c.get("exchange").status = status
  return new Response(json, {
    status,
    headers: { ...contractHeaders(c, status), "Content-Type": "application/json", ...headers },
  })
}

/** No body. */
export function respondEmpty(c: AppContext): Response {
  c.get("exchange").status = 204
  return new Response(null, { status: 204, headers: contractHeaders(c, 204) })
}

/** Gives the headers that every answer has to one that was made elsewhere. */
export function complete(c: AppContext, response: Response): Response {
  c.get("exchange").status = response.status
  const headers = { ...contractHeaders(c, response.status), ...Object.fromEntries(response.headers) }
  return new Response(response.body, { status: response.status, headers })
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
    headers: { Allow: allowed.join(", ") },
  })

export const restError = ({ status: _, ...rest }: Failure, requestId: string) => ({ ...rest, requestId })

export const isTrpc = (path: string) => path === "/trpc" || path.startsWith("/trpc/")
