import type { DatabaseHandle } from "@latchkey/db"
import type { BatchObservableResult } from "@opentelemetry/api"
import type { Tracing } from "./tracing.ts"

const ATTRIBUTES = { "db.client.connection.pool.name": "latchkey" }

/** Reports the usage of the connection pool whenever metrics are collected. @returns ends it. */
export function watchConnections({ meter }: Tracing, usage: DatabaseHandle["usage"]): () => void {
  const count = meter.createObservableUpDownCounter("db.client.connection.count", {
    description: "Connections in use by a query, and those that are free or not opened yet.",
  })
  const max = meter.createObservableUpDownCounter("db.client.connection.max", {
    description: "Maximum number of connections in the pool.",
  })
  const pending = meter.createObservableUpDownCounter("db.client.connection.pending_requests", {
    description: "Queries waiting for a connection.",
  })
  const observed = [count, max, pending]
  function observe(result: BatchObservableResult) {
    const { size, inUse, waiting } = usage()
    result.observe(count, inUse, { ...ATTRIBUTES, "db.client.connection.state": "used" })
    result.observe(count, size - inUse, { ...ATTRIBUTES, "db.client.connection.state": "idle" })
    result.observe(max, size, ATTRIBUTES)
    result.observe(pending, waiting, ATTRIBUTES)
  }
  meter.addBatchObservableCallback(observe, observed)
  return () => meter.removeBatchObservableCallback(observe, observed)
}
