import { randomUUID } from "node:crypto"
import { createContext } from "@latchkey/api"
import type { Auth } from "@latchkey/auth"
import type { MiddlewareHandler } from "hono"
import { clientAddress } from "./clientAddress.ts"
import type { Metrics } from "../../../../apps/server/src/createMetrics.ts"
import { createProxyWarning } from "./createProxyWarning.ts"
import type { AppContext, AppEnv, Exchange } from "./requestState.ts"
import { describeError, type Log } from "../../../../apps/server/src/log.ts"
import { complete } from "./respond.ts"
import { createSessionCookie } from "./sessionCookie.ts"

export interface ExchangeDependencies {
  auth: Auth
  log: Log
  /** Null: nothing is counted. */
  metrics: Metrics | null
  trustProxy: number
  /** Seconds. */
  refreshTokenTtl: number
}

/** Opens and closes every exchange: an id and a context on the way in, a log line on the way out. */
export function openExchange(deps: ExchangeDependencies): MiddlewareHandler<AppEnv> {
  const { auth, log, metrics, trustProxy, refreshTokenTtl } = deps
  const warnOfProxy = createProxyWarning(log, trustProxy)
  return async (c, next) => {
    const startedAt = performance.now()
    const requestId = randomUUID()
    const { path } = c.req
    const address = () => addressOf(c, trustProxy)
    const exchange: Exchange = {
      requestId,
      route: "unknown",
      caller: null,
      isPrivate: /^\/(auth|trpc)(\/|$)/.test(path),
      setCookie: null,
      status: undefined,
      stream: undefined,
      failures: [],
      api: createContext(auth, {
        headers: c.req.raw.headers,
        requestId,
        address,
        sessionCookie: createSessionCookie(c, {
          maxAge: refreshTokenTtl,
          send: (setCookie) => {
            exchange.setCookie = setCookie
          },
        }),
        onCaller: (caller) => {
          exchange.caller = caller
        },
      }),
    }
    c.set("exchange", exchange)
    warnOfProxy(c)
    await next()
    // Preflights and files are answered by the framework.
    if (exchange.status === undefined) c.res = complete(c, c.res)
    const finish = () => {
      logExchange(log, c, exchange, { startedAt, address })
      metrics?.onAnswer(c.req.method, exchange, (performance.now() - startedAt) / 1000)
    }
    if (exchange.stream) exchange.stream.then(finish, finish)
    else finish()
  }
}

function logExchange(
  log: Log,
  c: AppContext,
  exchange: Exchange,
  options: { startedAt: number; address: () => string },
) {
  const { requestId, route, status, caller, failures } = exchange
  // What is refused for a time that is told is refused on purpose.
  const mishaps = failures.filter(({ failure }) => failure.status >= 500 && failure.retryAfter === undefined)
  const level = mishaps.length > 0 ? "error" : "info"
  if (!log.isLevelEnabled(level)) return
  log[level](
    {
      requestId,
      method: c.req.method,
      route,
      status,
      durationMs: Math.round((performance.now() - options.startedAt) * 100) / 100,
      address: options.address(),
      ...(caller && { callerId: caller.user.id, via: caller.via }),
      ...(caller?.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
      ...(failures.length > 0 && { reasons: failures.map(({ failure }) => failure.reason) }),
      ...(mishaps.length > 0 && { errors: mishaps.map(({ error }) => describeError(error)) }),
    },
    "request",
  )
}

const addressOf = (c: AppContext, trustProxy: number) =>
  clientAddress(c.env.incoming?.socket.remoteAddress, c.req.header("x-forwarded-for"), trustProxy) ??
  "unknown"
