import { createScanRules } from "@latchkey/auth"
import { Hono, type MiddlewareHandler } from "hono"
import { cors } from "hono/cors"
import packageJson from "../package.json" with { type: "json" }
import { failure, failureOf } from "./failure.ts"
import type { App, AppContext, AppEnv } from "./http/app.ts"
import { limitBody } from "./http/body/limitBody.ts"
import { readWholeBody } from "./http/body/readWholeBody.ts"
import { createGetPath } from "./http/createGetPath.ts"
import { type Dashboard, mountDashboard } from "./http/dashboard/mountDashboard.ts"
import { METADATA_PATH, metadataOf } from "./http/protectedResource.ts"
import { refuseMethod, respond, respondWithFailure, restError } from "./http/respond.ts"
import { type TrackRequestOptions, trackRequest } from "./http/trackRequest.ts"
import { mountForwardAuth } from "./rest/mountForwardAuth.ts"
import { mountRest } from "./rest/mountRest.ts"
import { createOpenApiDocument } from "./rest/openapi.ts"
import { mountTrpc } from "./trpc/mountTrpc.ts"

/** Why load balancers should send no requests to this server. */
export interface NotReady {
  message: string
  /** Absent if nothing failed, as during a shutdown. */
  error?: unknown
}

export interface HandlerOptions extends TrackRequestOptions {
  checkReady: () => Promise<NotReady | null>
  corsOrigins: readonly string[]
  /** `off`: there are no routes for Latchkey's own accounts. */
  passwords?: "on" | "off"
  /** Whether forward authentication refuses keys unless it asks for a scope. */
  keysNeedScope?: boolean
  /** The prefix of new keys, for the rules of secret scanners. */
  keyPrefix?: string | undefined
  /** The directory of the built dashboard and the settings for its page, or null to serve none. */
  dashboard: Dashboard | null
}

/** Creates the complete HTTP API as a handler from `Request` to `Response`, independent of ports and processes. */
export function createHandler(options: HandlerOptions): App {
  const { passwords = "on", keysNeedScope = false, mountedAt } = options
  const basePath = mountedAt ?? ""
  const app = new Hono<AppEnv>({ getPath: createGetPath(basePath) })
  app.use(trackRequest(options))
  if (options.corsOrigins.length > 0) app.use(crossOrigin(options.corsOrigins, mountedAt !== null))
  app.on(["POST", "PUT", "PATCH", "DELETE"], "*", refuseEncoding, limitBody, readWholeBody)

  const openApiDocument = encodeJson(createOpenApiDocument(packageJson.version, { passwords, basePath }))
  get(app, "/healthz", (c) => respond(c, 200, '{"status":"ok"}'))
  get(app, "/readyz", async (c) => {
    const notReady = await options.checkReady()
    if (!notReady) return respond(c, 200, '{"status":"ready"}')
    const unavailable = failure("UNAVAILABLE", notReady.message)
    if (notReady.error !== undefined) return respondWithFailure(c, unavailable, { error: notReady.error })
    // A shutdown is not logged as a failure.
    return respond(c, unavailable.status, JSON.stringify(restError(unavailable, c.get("request").requestId)))
  })
  get(app, "/openapi.json", (c) => respond(c, 200, openApiDocument))
  if (options.protectedResource) {
    const metadata = JSON.stringify(metadataOf(options.protectedResource))
    get(app, METADATA_PATH, (c) => respond(c, 200, metadata))
  }
  if (options.keyPrefix !== undefined) {
    const rules = encodeJson(createScanRules(options.keyPrefix))
    get(app, "/.well-known/latchkey-scan-rules.json", (c) => respond(c, 200, rules))
  }
  mountTrpc(app, basePath)
  mountRest(app, passwords)
  mountForwardAuth(app, { keysNeedScope })
  if (options.dashboard !== null) mountDashboard(app, options.dashboard, basePath)

  app.notFound((c) => respondWithFailure(c, failure("NOT_FOUND", "This path does not exist.")))
  app.onError((error, c) => respondWithFailure(c, failureOf(error), { error }))
  return app
}

const encodeJson = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

function get(app: App, path: string, handler: (c: AppContext) => Response | Promise<Response>) {
  app.get(path, (c) => {
    c.get("request").route = path
    return handler(c)
  })
  app.all(path, (c) => {
    c.get("request").route = path
    return refuseMethod(c, ["GET", "HEAD"])
  })
}

/** Rejects compressed bodies. They are not decompressed, and parsing them as JSON would give a confusing error. */
const refuseEncoding: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!["identity", undefined].includes(c.req.header("content-encoding")?.toLowerCase())) {
    return respondWithFailure(c, failure("UNSUPPORTED_MEDIA_TYPE", "Send the body without Content-Encoding."))
  }
  return next()
}

/**
 * Allows calls from these origins, with any request headers: tracing libraries add their own (`traceparent`, `baggage`,
 * `sentry-trace`), and no header is trusted because of its origin.
 */
function crossOrigin(origins: readonly string[], credentials: boolean): MiddlewareHandler<AppEnv> {
  const withCors = cors({
    origin: [...origins],
    credentials,
    allowMethods: ["GET", "POST", "PATCH", "DELETE"],
    exposeHeaders: ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate"],
    maxAge: 600,
  })
  // Hono would echo the requested headers in its response to a preflight from any origin.
  return (c, next) =>
    c.req.method === "OPTIONS" && !origins.includes(c.req.header("origin") ?? "") ? next() : withCors(c, next)
}
