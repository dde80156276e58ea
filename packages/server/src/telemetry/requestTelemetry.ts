import type { App, RequestObserver } from "@latchkey/api"
import { withoutErrors } from "../withoutErrors.ts"
import { activeContext, activeSpan, describeSpan, inSpan, SECONDS, type Tracing } from "./tracing.ts"

export type Fetch = (request: Request, bindings?: Parameters<App["fetch"]>[1]) => Promise<Response>

const METHODS = new Set(["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"])
const methodOf = (method: string) => (METHODS.has(method) ? method : "_OTHER")

/**
 * Traces requests to the handler: as the root span of this server's part of a trace, or below the span of the host's
 * request.
 */
export function createRequestTelemetry(tracing: Tracing): {
  traceFetch(fetch: Fetch): Fetch
  requestObserver: RequestObserver
} {
  const { api } = tracing
  const isOurs = api.createContextKey("@latchkey/server request")
  const duration = tracing.createHistogram("http.server.request.duration", {
    ...SECONDS,
    description: "Duration of HTTP server requests.",
  })
  const failures = tracing.createCounter("latchkey.failures", { description: "Failed calls, by reason." })
  const headersOf = { get: (headers: Headers, name: string) => headers.get(name) ?? undefined, keys: keysOf }

  return {
    traceFetch: (fetch) => (request, bindings) => {
      const active = activeContext(tracing)
      // The host may have begun a span for the request, with the caller's trace context.
      const isNested = api.trace.getSpan(active) !== undefined
      const extracted = isNested
        ? undefined
        : withoutErrors(() => api.propagation.extract(active, request.headers, headersOf))
      const context = extracted ?? active
      const method = methodOf(request.method)
      const span = tracing.startSpan(
        method,
        {
          kind: isNested ? api.SpanKind.INTERNAL : api.SpanKind.SERVER,
          attributes: { "http.request.method": method },
        },
        context,
      )
      return inSpan(tracing, span, () => fetch(request, bindings), context.setValue(isOurs, !isNested))
    },
    requestObserver: {
      onResponse(rawMethod, { route: exactRoute, status = 0, requestId, caller, failures: failed }, seconds) {
        const method = methodOf(rawMethod)
        const route = exactRoute.includes(",") ? "/trpc (batch)" : exactRoute
        const outcome = {
          "http.request.method": method,
          "http.route": route,
          "http.response.status_code": status,
          ...(status >= 500 && { "error.type": String(status) }),
        }
        // Otherwise the host counts its requests.
        if (activeContext(tracing).getValue(isOurs)) duration.record(seconds, outcome)
        for (const { failure } of failed) failures.add(1, { "latchkey.reason": failure.reason })
        const span = activeSpan(tracing)
        if (!span) return
        withoutErrors(() => void span.updateName(`${method} ${route}`))
        const attributes = {
          ...outcome,
          "latchkey.request_id": requestId,
          ...(caller && { "latchkey.via": caller.via }),
          ...(caller?.via === "apiKey" && { "latchkey.api_key_id": caller.apiKeyId }),
        }
        describeSpan(tracing, span, { attributes, isError: status >= 500 })
      },
    },
  }
}

const keysOf = (headers: Headers) => [...headers.keys()]
