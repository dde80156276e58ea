import type { Meter, Span, Tracer } from "@opentelemetry/api"
import type { OpenTelemetry } from "./findOpenTelemetry.ts"

export interface Tracing {
  api: OpenTelemetry
  tracer: Tracer
  meter: Meter
}

/** Boundaries of durations in seconds, as in the Prometheus metrics. */
export const SECONDS = {
  unit: "s",
  advice: {
    explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
}

/** The span that is active here, if it is recorded and has not ended. */
export function activeSpan({ api }: Tracing): Span | undefined {
  const span = api.trace.getActiveSpan()
  return span?.isRecording() ? span : undefined
}

/** Runs work in a span, and ends it. Errors are recorded by code or name only, because a message may contain anything. */
export async function inSpan<Result>(
  { api }: Tracing,
  span: Span,
  run: () => Promise<Result>,
  context = api.context.active(),
): Promise<Result> {
  try {
    return await api.context.with(api.trace.setSpan(context, span), run)
  } catch (error) {
    span.setAttribute("error.type", errorType(error))
    span.setStatus({ code: api.SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER"
  return "code" in error && typeof error.code === "string" ? error.code : error.name
}
