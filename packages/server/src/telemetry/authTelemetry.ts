import type { Auth, AuthObserver } from "@latchkey/auth"
import type { Context } from "@opentelemetry/api"
import { withoutErrors } from "../withoutErrors.ts"
import { activeContext, activeSpan, describeSpan, endSpan, inSpan, SECONDS, type Tracing } from "./tracing.ts"

/** Traces verdicts on credentials, the reads that they share, and bcrypts. */
export function createAuthTelemetry(tracing: Tracing): {
  traceAuth(auth: Auth): Auth
  authObserver: AuthObserver
} {
  const { api } = tracing
  const verdicts = tracing.createCounter("latchkey.verdicts", {
    description: "Authentication attempts, by kind of credential and verdict.",
  })
  const batches = tracing.createHistogram("latchkey.batch.size", {
    description: "Calls that shared a database read.",
    advice: { explicitBucketBoundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] },
  })
  const remembered = tracing.createCounter("latchkey.reads.remembered", {
    description: "Calls that a row in memory answered instead of a read.",
  })
  const bcrypts = tracing.createHistogram("latchkey.bcrypt.duration", {
    ...SECONDS,
    description: "Duration of bcrypt operations, including time in the queue.",
  })

  return {
    traceAuth: (auth) => ({
      ...auth,
      authenticate: (...args) =>
        inSpan(tracing, tracing.startSpan("latchkey.authenticate"), () => auth.authenticate(...args)),
      introspect: (...args) =>
        inSpan(tracing, tracing.startSpan("latchkey.introspect"), () => auth.introspect(...args)),
    }),
    authObserver: {
      verdict(credential, verdict) {
        const attributes = { "latchkey.credential": credential, "latchkey.verdict": verdict }
        verdicts.add(1, attributes)
        const span = activeSpan(tracing)
        if (span) describeSpan(tracing, span, { attributes, isError: false })
      },
      batch: (of, size) => batches.record(size, { "latchkey.batch.of": of }),
      remembered: (of) => remembered.add(1, { "latchkey.batch.of": of }),
      bcryptBegan() {},
      bcryptEnded(purpose, result, seconds) {
        const attributes = { "latchkey.bcrypt.purpose": purpose, "latchkey.bcrypt.result": result }
        bcrypts.record(seconds, attributes)
        if (!activeSpan(tracing)) return
        const endedAt = Date.now()
        const span = tracing.startSpan(`bcrypt ${purpose}`, {
          startTime: endedAt - seconds * 1_000,
          attributes,
        })
        endSpan(span, endedAt)
      },
      reads: {
        origin: () => activeContext(tracing),
        follow(of, origins, read) {
          const contexts = origins as readonly Context[]
          // A span has one parent. The others' spans are linked.
          const [first = api.ROOT_CONTEXT, ...others] = contexts
          const links = others.flatMap((context) => {
            const spanContext = withoutErrors(() => api.trace.getSpanContext(context))
            return spanContext ? { context: spanContext } : []
          })
          const attributes = { "latchkey.batch.of": of, "latchkey.batch.size": contexts.length }
          const span = tracing.startSpan(`latchkey.read ${of}`, { links, attributes }, first)
          return inSpan(tracing, span, read, first)
        },
      },
    },
  }
}
