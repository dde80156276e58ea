import { randomUUID } from "node:crypto"
import { createContext, createOpenApiDocument, failure, failureOf } from "@latchkey/api"
import type { Auth } from "@latchkey/auth"
import { Hono, type MiddlewareHandler } from "hono"
import { bodyLimit } from "hono/body-limit"
import { cors } from "hono/cors"
import { secureHeaders } from "hono/secure-headers"
import packageJson from "../package.json" with { type: "json" }
import { clientAddress } from "./clientAddress.ts"
import type { App, AppContext, AppEnv, Exchange } from "./exchange.ts"
import { describeError, type Log } from "./log.ts"
import { mountDashboard, PAGE_POLICY } from "./mountDashboard.ts"
import { mountRest } from "./mountRest.ts"
import { mountTrpc } from "./mountTrpc.ts"
import { isTrpc, respondWithFailure } from "./respond.ts"
import { createSessionCookie } from "./sessionCookie.ts"

const MAX_BODY_BYTES = 64 * 1024

export interface AppDependencies {
  auth: Auth
  log: Log
  /** Resolves when requests can be served. */
  checkReady: () => Promise<void>
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
  app.use(
    secureHeaders({
      xFrameOptions: "DENY",
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    }),
  )
  if (deps.corsOrigins.length > 0) app.use(crossOrigin(deps.corsOrigins))
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c: AppContext) =>
        respondWithFailure(c, failure("TOO_LARGE", "The body may have at most 64 KiB.")),
    }),
  )

  const openApiDocument = createOpenApiDocument(packageJson.version)
  get(app, "/healthz", (c) => c.json({ status: "ok" }))
  get(app, "/readyz", async (c) => {
    try {
      await deps.checkReady()
      return c.json({ status: "ready" })
    } catch (error) {
      return respondWithFailure(c, failure("UNAVAILABLE", "Not ready."), error)
    }
  })
  get(app, "/openapi.json", (c) => c.json(openApiDocument))
  mountTrpc(app)
  mountRest(app)
  if (deps.dashboard !== null) mountDashboard(app, deps.dashboard)

  app.notFound((c) => respondWithFailure(c, failure("NOT_FOUND", "There is nothing at this path.")))
  app.onError((error, c) => respondWithFailure(c, failureOf(error), error))
  return app
}

function get(app: App, path: string, handler: (c: AppContext) => Response | Promise<Response>) {
  app.get(path, (c) => {
    c.get("exchange").route = path
    return handler(c)
  })
  app.all(path, (c) => {
    c.get("exchange").route = path
    c.header("Allow", "GET, HEAD")
    return respondWithFailure(c, failure("METHOD_NOT_ALLOWED", "This path does not answer to this method."))
  })
}

/** Opens and closes every exchange: an id and a context on the way in, headers and a log line on the way out. */
function openExchange({
  auth,
  log,
  trustProxy,
  refreshTokenTtl,
}: AppDependencies): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = performance.now()
    const requestId = randomUUID()
    const exchange: Exchange = {
      requestId,
      route: "unknown",
      caller: null,
      setCookie: null,
      isPage: false,
      failures: [],
      api: createContext(auth, {
        headers: c.req.raw.headers,
        requestId,
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
    setHeaders(c, exchange)
    logExchange(log, c, exchange, { startedAt, trustProxy })
  }
}

function setHeaders(c: AppContext, { requestId, setCookie, isPage }: Exchange) {
  c.header("X-Request-Id", requestId)
  if (isTrpc(c.req.path) || c.req.path.startsWith("/auth/")) c.header("Cache-Control", "no-store")
  if (setCookie !== null) c.header("Set-Cookie", setCookie)
  if (isPage) c.header("Content-Security-Policy", PAGE_POLICY)
  if (c.res.status === 401) c.header("WWW-Authenticate", 'Bearer realm="latchkey"')
  if (c.res.status === 429 || c.res.status === 503) c.header("Retry-After", "1")
}

function logExchange(
  log: Log,
  c: AppContext,
  exchange: Exchange,
  options: { startedAt: number; trustProxy: number },
) {
  const { requestId, route, caller, failures } = exchange
  const mishaps = failures.filter(({ failure }) => failure.status >= 500)
  log[mishaps.length > 0 ? "error" : "info"](
    {
      requestId,
      method: c.req.method,
      route,
      status: c.res.status,
      durationMs: Math.round((performance.now() - options.startedAt) * 100) / 100,
      address: clientAddress(
        c.env.incoming?.socket.remoteAddress,
        c.req.header("x-forwarded-for"),
        options.trustProxy,
      ),
      ...(caller && { callerId: caller.user.id, via: caller.via }),
      ...(caller?.via === "apiKey" && { apiKeyId: caller.apiKeyId }),
      ...(failures.length > 0 && { reasons: failures.map(({ failure }) => failure.reason) }),
      ...(mishaps.length > 0 && { errors: mishaps.map(({ error }) => describeError(error)) }),
    },
    "request",
  )
}

function crossOrigin(origins: readonly string[]) {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ["Authorization", "Content-Type", "X-API-Key", "X-Latchkey-Client", "trpc-accept"],
    exposeHeaders: ["X-Request-Id", "Retry-After", "WWW-Authenticate"],
    maxAge: 600,
  })
}
