import { randomUUID } from "node:crypto"
import { createContext, createOpenApiDocument, failure, failureOf } from "@latchkey/api"
import type { Auth } from "@latchkey/auth"
import { Hono, type MiddlewareHandler } from "hono"
import { bodyLimit } from "hono/body-limit"
import { cors } from "hono/cors"
import packageJson from "../package.json" with { type: "json" }
import { clientAddress } from "./clientAddress.ts"
import type { Metrics } from "./createMetrics.ts"
import type { Readiness } from "./createReadiness.ts"
import type { App, AppContext, AppEnv, Exchange } from "./exchange.ts"
import { describeError, type Log } from "./log.ts"
import { mountDashboard } from "./mountDashboard.ts"
import { mountRest } from "./mountRest.ts"
import { mountTrpc } from "./mountTrpc.ts"
import { complete, refuseMethod, respond, respondWithFailure, restError } from "./respond.ts"
import { createSessionCookie } from "./sessionCookie.ts"

const MAX_BODY_BYTES = 64 * 1024

export interface AppDependencies {
  auth: Auth
  log: Log
  /** Null: nothing is counted. */
  metrics: Metrics | null
  checkReady: Readiness["check"]
  corsOrigins: readonly string[]
  trustProxy: number
  /** Seconds. */
  refreshTokenTtl: number
  /** The folder of the built dashboard; null: it is not served. */
  dashboard: string | null
}

/** The HTTP surface as a fetch handler; it does not listen. */
export function createApp(deps: AppDependencies): App {
  const app = new Hono<AppEnv>()
  app.use(openExchange(deps))
  if (deps.corsOrigins.length > 0) app.use(crossOrigin(deps.corsOrigins))
  app.on(["POST", "PUT", "PATCH", "DELETE"], "*", refuseEncoding, limitBody)

  const openApiDocument = JSON.stringify(createOpenApiDocument(packageJson.version))
  get(app, "/healthz", (c) => respond(c, 200, '{"status":"ok"}'))
  get(app, "/readyz", async (c) => {
    const notReady = await deps.checkReady()
    if (!notReady) return respond(c, 200, '{"status":"ready"}')
    const answer = failure("UNAVAILABLE", notReady.message)
    if (notReady.error !== undefined) return respondWithFailure(c, answer, { error: notReady.error })
    // What somebody asked for is not logged as a mishap.
    return respond(c, answer.status, JSON.stringify(restError(answer, c.get("exchange").requestId)))
  })
  get(app, "/openapi.json", (c) => respond(c, 200, openApiDocument))
  mountTrpc(app)
  mountRest(app)
  if (deps.dashboard !== null) mountDashboard(app, deps.dashboard)

  app.notFound((c) => respondWithFailure(c, failure("NOT_FOUND", "There is nothing at this path.")))
  app.onError((error, c) => {
    // Who went away while sending gets no answer; it must not count as a failure of ours.
    const brokeOff = Boolean(c.env.incoming?.errored)
    return respondWithFailure(
      c,
      brokeOff ? failure("INVALID_INPUT", "The body broke off.") : failureOf(error),
      { error },
    )
  })
  return app
}

function get(app: App, path: string, handler: (c: AppContext) => Response | Promise<Response>) {
  app.get(path, (c) => {
    c.get("exchange").route = path
    return handler(c)
  })
  app.all(path, (c) => {
    c.get("exchange").route = path
    return refuseMethod(c, ["GET", "HEAD"])
  })
}

/** Bodies are read as they are sent; to take a compressed one for JSON would only confuse its sender. */
const refuseEncoding: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!["identity", undefined].includes(c.req.header("content-encoding")?.toLowerCase())) {
    return respondWithFailure(c, failure("UNSUPPORTED_MEDIA_TYPE", "Send the body without Content-Encoding."))
  }
  return next()
}

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c: AppContext) =>
    respondWithFailure(c, failure("TOO_LARGE", "The body may have at most 64 KiB.")),
})

/** Opens and closes every exchange: an id and a context on the way in, a log line on the way out. */
function openExchange({
  auth,
  log,
  metrics,
  trustProxy,
  refreshTokenTtl,
}: AppDependencies): MiddlewareHandler<AppEnv> {
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

function crossOrigin(origins: readonly string[]) {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ["Authorization", "Content-Type", "X-API-Key", "X-Latchkey-Client", "trpc-accept"],
    exposeHeaders: ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate"],
    maxAge: 600,
  })
}
