import type {
  Attributes,
  Context,
  Counter,
  Histogram,
  Meter,
  MetricOptions,
  Span,
  SpanOptions,
  TimeInput,
} from "@opentelemetry/api"
import { withoutErrors } from "../withoutErrors.ts"
import type { OpenTelemetry } from "./findOpenTelemetry.ts"

/**
 * What is used of an SDK. Its samplers, span processors, propagators, views, spans and context manager may be the host's
 * code, so what they throw is dropped: neither a response nor a shared read may depend on it.
 */
export interface Tracing {
  api: OpenTelemetry
  /** @returns a span that is not recorded, if it can't be started. */
  startSpan(name: string, options?: SpanOptions, context?: Context): Span
  createHistogram(name: string, options: MetricOptions): Pick<Histogram, "record">
  createCounter(name: string, options: MetricOptions): Pick<Counter, "add">
  meter: Pick<
    Meter,
    "createObservableUpDownCounter" | "addBatchObservableCallback" | "removeBatchObservableCallback"
  >
}

export function createTracing(api: OpenTelemetry, name: string): Tracing {
  const [tracer, meter] = [api.trace.getTracer(name), api.metrics.getMeter(name)]
  return {
    ...{ api, meter },
    startSpan: (...args) =>
      withoutErrors(() => tracer.startSpan(...args)) ?? api.trace.wrapSpanContext(api.INVALID_SPAN_CONTEXT),
    createHistogram(...args) {
      const histogram = meter.createHistogram(...args)
      return {
        record: (value: number, attributes?: Attributes) =>
          withoutErrors(() => histogram.record(value, attributes)),
      }
    },
    createCounter(...args) {
      const counter = meter.createCounter(...args)
      return {
        add: (value: number, attributes?: Attributes) => withoutErrors(() => counter.add(value, attributes)),
      }
    },
  }
}

/** Ends a span, which calls the host's span processors. */
export const endSpan = (span: Span, endTime?: TimeInput): void => withoutErrors(() => span.end(endTime))

/** Boundaries of durations in seconds, as in the Prometheus metrics. */
export const SECONDS = {
  unit: "s",
  advice: {
    explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
}

/** The context that is active here. */
export const activeContext = ({ api }: Tracing): Context =>
  withoutErrors(() => api.context.active()) ?? api.ROOT_CONTEXT

/** The span that is active here, if it is recorded and has not ended. */
export function activeSpan(tracing: Tracing): Span | undefined {
  const span = tracing.api.trace.getSpan(activeContext(tracing))
  return withoutErrors(() => span?.isRecording()) ? span : undefined
}

/** Records an outcome in a span. */
export function describeSpan(
  { api }: Tracing,
  span: Span,
  { attributes, isError }: { attributes: Attributes; isError: boolean },
): void {
  withoutErrors(() => void span.setAttributes(attributes))
  if (isError) withoutErrors(() => void span.setStatus({ code: api.SpanStatusCode.ERROR }))
}

/** Runs work in a span, and ends it. Errors are recorded by code or name only, because a message may contain anything. */
export async function inSpan<Result>(
  tracing: Tracing,
  span: Span,
  run: () => Promise<Result>,
  context = activeContext(tracing),
): Promise<Result> {
  const { api } = tracing
  let running: Promise<Result> | undefined
  function runOnce() {
    running ??= run()
    return running
  }
  try {
    withoutErrors(() => void api.context.with(api.trace.setSpan(context, span), runOnce))
    return await runOnce()
  } catch (error) {
    describeSpan(tracing, span, { attributes: { "error.type": errorType(error) }, isError: true })
    throw error
  } finally {
    endSpan(span)
  }
}

export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER"
  return "code" in error && typeof error.code === "string" ? error.code : error.name
}
