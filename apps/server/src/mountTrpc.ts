import { appRouter, failure, failureOf } from "@latchkey/api"
import { fetchRequestHandler } from "@trpc/server/adapters/fetch"
import type { App } from "./exchange.ts"
import { isJson } from "./isJson.ts"
import { respondWithFailure } from "./respond.ts"

const MAX_BATCH_SIZE = 20

const procedures = new Set(Object.keys(appRouter._def.procedures))

/** tRPC at `/trpc`, through its fetch adapter. */
export function mountTrpc(app: App) {
  app.all("/trpc/:path", (c) => {
    const exchange = c.get("exchange")
    const names = c.req.param("path").split(",", MAX_BATCH_SIZE)
    exchange.route = `/trpc/${names.map((name) => (procedures.has(name) ? name : "unknown")).join(",")}`
    const { method } = c.req
    if (method !== "GET" && method !== "POST") {
      c.header("Allow", "GET, POST")
      return respondWithFailure(c, failure("METHOD_NOT_ALLOWED", "tRPC answers to GET and POST."))
    }
    // The adapter would read forms and octet streams too, which no procedure takes.
    if (method === "POST" && !isJson(c.req.header("content-type"))) {
      return respondWithFailure(c, failure("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."))
    }
    return fetchRequestHandler({
      endpoint: "/trpc",
      req: c.req.raw,
      router: appRouter,
      maxBatchSize: MAX_BATCH_SIZE,
      createContext: () => exchange.api,
      onError: ({ error }) => exchange.failures.push({ failure: failureOf(error), error }),
    })
  })
}
