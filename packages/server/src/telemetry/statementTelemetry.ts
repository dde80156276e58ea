import type { ObserveStatement } from "@latchkey/db"
import { codeOf } from "@latchkey/db"
import type { Span } from "@opentelemetry/api"
import { activeSpan, describeSpan, endSpan, errorType, SECONDS, type Tracing } from "./tracing.ts"

/** Traces statements to PostgreSQL if they belong to a request. All others are background work that repeats. */
export function createStatementTelemetry(tracing: Tracing): ObserveStatement {
  const { api } = tracing
  const duration = tracing.createHistogram("db.client.operation.duration", {
    ...SECONDS,
    description: "Duration of database client operations.",
  })

  return async (text, run) => {
    const { operation, summary } = summarize(text)
    const attributes = { "db.system.name": "postgresql", "db.operation.name": operation }
    const span = activeSpan(tracing) && startSpan(text, summary, attributes)
    const startedAt = performance.now()
    let failure: { "error.type"?: string } = {}
    try {
      return await run()
    } catch (error) {
      failure = { "error.type": codeOf(error) ?? errorType(error) }
      if (span) describeSpan(tracing, span, { attributes: failure, isError: true })
      throw error
    } finally {
      duration.record((performance.now() - startedAt) / 1_000, { ...attributes, ...failure })
      if (span) endSpan(span)
    }
  }

  function startSpan(text: string, summary: string, attributes: Record<string, string>): Span {
    return tracing.startSpan(summary, {
      kind: api.SpanKind.CLIENT,
      // All values are parameters, so the text contains none.
      attributes: { ...attributes, "db.query.summary": summary, "db.query.text": text },
    })
  }
}

/** Not the `from` of `extract(epoch from …)` or of `is distinct from`. */
const TABLE = /(?<!\b(?:epoch|distinct)\s)\b(?:from|into|update)\s+(?:"\w+"\.)?"(\w+)"/i

/** The operation, and the operation with the table that comes first, such as `SELECT api_keys`. */
function summarize(text: string) {
  const operation = (/^\s*(\w+)/.exec(text)?.[1] ?? "_OTHER").toUpperCase()
  const table = TABLE.exec(text)?.[1]
  return { operation, summary: table === undefined ? operation : `${operation} ${table}` }
}
