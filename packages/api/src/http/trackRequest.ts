import type { MiddlewareHandler } from "hono"
import { type AuthSource, createContext } from "../trpc/context.ts"
import type { AppEnv } from "./app.ts"
import { trustOfHost } from "./clientAddress.ts"
import { createProxyWarning } from "./createProxyWarning.ts"
import { describeError } from "./describeError.ts"
import type { Logger } from "./logger.ts"
import type { ProtectedResource } from "./protectedResource.ts"
import { RequestState } from "./requestState.ts"
import { complete } from "./respond.ts"

/** Is notified of every response, for metrics. */
export interface RequestObserver {
  onResponse(method: string, request: RequestState, seconds: number): void
}

export interface TrackRequestOptions {
  auth: AuthSource
  log: Logger
  /** Null without metrics. */
  observer: RequestObserver | null
  /** How many proxies' `X-Forwarded-For` entries to trust. */
  trustProxy: number
  /**
   * The path of the URL under which another server mounts the handler, such as `/latchkey`. That server knows the
   * client's address, and is responsible for HTTPS. Null if the server has no other handler.
   */
  mountedAt: string | null
  /** The origins of the host's own pages, which may call with the host's own credentials. */
  allowedOrigins?: readonly string[]
  /** Undefined without trusted issuers, or if the server's public URL is unknown. */
  protectedResource?: ProtectedResource | undefined
}

/** Creates the state of every request, and logs the request when its response is complete. */
export function trackRequest(options: TrackRequestOptions): MiddlewareHandler<AppEnv> {
  const { auth, log, observer, trustProxy, allowedOrigins, mountedAt, protectedResource } = options
  const sendsHsts = mountedAt === null
  const warnAboutProxy = sendsHsts ? createProxyWarning(log, trustProxy) : null
  return async (c, next) => {
    const { headers, method } = c.req.raw
    const peerAddress = c.env.address ?? c.env.incoming?.socket.remoteAddress
    const request = new RequestState({
      ...{ headers, peerAddress, allowedOrigins, sendsHsts, protectedResource },
      trustProxy: mountedAt === null ? trustProxy : trustOfHost(c.env.isPeerAddress),
      hostRequest: c.env.hostRequest ?? c.req.raw,
    })
    c.set("request", request)
    c.set("procedureContext", createContext(auth, request))
    warnAboutProxy?.(headers)
    await next()
    // Hono itself responds to preflights and to requests for files.
    if (request.status === undefined) c.res = complete(c, c.res)
    const finish = () => {
      logRequest(log, method, request)
      observer?.onResponse(method, request, (performance.now() - request.startedAt) / 1000)
    }
    if (request.streamed) request.streamed.then(finish, finish)
    else finish()
  }
}

function logRequest(log: Logger, method: string, request: RequestState) {
  const { requestId, route, status, caller, failures, startedAt } = request
  // A 503 that says when to retry is a deliberate refusal, not an error.
  const errors = failures.filter(({ failure }) => failure.status >= 500 && failure.retryAfter === undefined)
  const level = errors.length > 0 ? "error" : "info"
  if (!log.isLevelEnabled(level)) return
  log[level](
    {
      requestId,
      method,
      route,
      status,
      durationMs: Math.round((performance.now() - startedAt) * 100) / 100,
      address: request.address,
      ...(caller && { callerId: caller.owner.id, via: caller.via }),
      ...(caller?.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
      ...(failures.length > 0 && { reasons: failures.map(({ failure }) => failure.reason) }),
      ...(errors.length > 0 && { errors: errors.map(({ error }) => describeError(error)) }),
    },
    "request",
  )
}
