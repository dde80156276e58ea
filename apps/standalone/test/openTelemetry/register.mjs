// Loaded with `--import`, as an operator does: registers the SDK with an exporter, which reads its variables.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node"

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter())] }).register()
