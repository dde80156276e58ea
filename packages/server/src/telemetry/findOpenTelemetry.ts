import { createRequire } from "node:module"

export type OpenTelemetry = typeof import("@opentelemetry/api")

/** The global under which every copy of the API, version 1, finds what an SDK has registered. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1")

/**
 * Returns OpenTelemetry's API if an SDK has been registered in this process, else null. The package is loaded only if
 * there is an SDK; the application that registers one has installed it.
 *
 * @param warn called with the reason if there is an SDK that can't be used.
 */
export function findOpenTelemetry(warn: (why: string) => void): OpenTelemetry | null {
  const registered = (globalThis as { [key: symbol]: { trace?: unknown; metrics?: unknown } | undefined })[
    REGISTERED
  ]
  if (!registered?.trace && !registered?.metrics) return null
  let api: OpenTelemetry
  try {
    api = createRequire(import.meta.url)("@opentelemetry/api")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error
    warn("OpenTelemetry has been registered, but @opentelemetry/api is not installed, so nothing is traced")
    return null
  }
  // The API ignores everything that an older version of it has registered.
  const isUsable = registered.trace
    ? api.trace.getTracerProvider() === registered.trace
    : api.metrics.getMeterProvider() === registered.metrics
  if (isUsable) return api
  warn("OpenTelemetry was registered by an older @opentelemetry/api than the one here, so nothing is traced")
  return null
}
