import { createRequire } from "node:module"
import type { ContextManager, TextMapPropagator } from "@opentelemetry/api"
import type { ViewOptions } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace-node"

// As Node.js loads them: Vitest would take their builds for bundlers, which don't run.
const require = createRequire(import.meta.url)
export const { context, metrics, propagation, trace, SpanKind } =
  require("@opentelemetry/api") as typeof import("@opentelemetry/api")
const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } =
  require("@opentelemetry/sdk-metrics") as typeof import("@opentelemetry/sdk-metrics")
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } =
  require("@opentelemetry/sdk-trace-node") as typeof import("@opentelemetry/sdk-trace-node")

/** What a host adds to the SDK. */
interface HostParts {
  spanProcessors?: SpanProcessor[]
  sampler?: Sampler
  propagator?: TextMapPropagator
  contextManager?: ContextManager
  views?: ViewOptions[]
}

/** Registers the real SDK in this process, as a host does, until it is disposed. */
export function registerOpenTelemetry({
  spanProcessors = [],
  sampler,
  propagator,
  contextManager,
  views = [],
}: HostParts = {}) {
  const spans = new InMemorySpanExporter()
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [...spanProcessors, new SimpleSpanProcessor(spans)],
    ...(sampler && { sampler }),
  })
  tracerProvider.register({ ...(propagator && { propagator }), ...(contextManager && { contextManager }) })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader], views })
  metrics.setGlobalMeterProvider(meterProvider)

  return {
    tracer: trace.getTracer("host"),
    /** The spans that have ended since the last call. */
    takeSpans(): ReadableSpan[] {
      const taken = [...spans.getFinishedSpans()]
      spans.reset()
      return taken
    },
    /** All values of all metrics so far. */
    async readMetrics() {
      exporter.reset()
      await meterProvider.forceFlush()
      return exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap((scope) =>
            scope.metrics.flatMap(({ descriptor, dataPoints }) =>
              dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
            ),
          ),
        )
    },
    async [Symbol.asyncDispose]() {
      for (const api of [trace, metrics, context, propagation]) api.disable()
      await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()])
    },
  }
}
