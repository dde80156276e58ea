import { createOpenApiDocument, failure, failureOf } from "@latchkey/api"
import { Hono, type MiddlewareHandler } from "hono"
import { bodyLimit } from "hono/body-limit"
import { cors } from "hono/cors"
import packageJson from "../../../apps/server/package.json" with { type: "json" }
import type { Readiness } from "../../../apps/server/src/createReadiness.ts"
import type { App, AppContext, AppEnv } from "./http/requestState.ts"
import { mountDashboard } from "./http/mountDashboard.ts"
import { mountRest } from "./rest/mountRest.ts"
import { mountTrpc } from "./trpc/mountTrpc.ts"
import { type ExchangeDependencies, openExchange } from "./http/trackRequest.ts"
import { readWholeBody } from "./http/readWholeBody.ts"
import { refuseMethod, respond, respondWithFailure, restError } from "./http/respond.ts"

const MAX_BODY_BYTES = 64 * 1024

export interface AppDependencies extends ExchangeDependencies {
  checkReady: Readiness["check"]
  corsOrigins: readonly string[]
  /** The folder of the built dashboard; null: it is not served. */
  dashboard: string | null
}

/** The HTTP surface as a fetch handler; it does not listen. */
export function createApp(deps: AppDependencies): App {
  const app = new Hono<AppEnv>()
  app.use(openExchange(deps))
  if (deps.corsOrigins.length > 0) app.use(crossOrigin(deps.corsOrigins))
  app.on(["POST", "PUT", "PATCH", "DELETE"], "*", refuseEncoding, limitBody, readWholeBody)

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

/**
 * Lets pages of these origins call, with every header that they ask to send: no header is trusted for coming from such
 * a page, and tracing adds its own (`traceparent`, `baggage`, `sentry-trace`).
 */
function crossOrigin(origins: readonly string[]) {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "POST", "DELETE"],
    exposeHeaders: ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate"],
    maxAge: 600,
  })
}
