import type { RequestObserver } from "@latchkey/api"
import type { AuthObserver, FairQueueUsage } from "@latchkey/auth"
import type { SemaphoreUsage } from "@latchkey/db"

/** What the process counts of itself, for Prometheus. No label is a user's, a key's, an address's or a client's text. */
export interface Metrics extends RequestObserver {
  /** For `@latchkey/auth`. */
  auth: AuthObserver
  onQuery(seconds: number): void
  /** Reads the database's connections whenever somebody asks. */
  watchDatabase(usage: () => SemaphoreUsage): void
  /** Reads how many lines of the log were dropped whenever somebody asks. */
  watchLog(droppedLines: () => number): void
  /** Reads the calls that wait for their turn whenever somebody asks. */
  watchQueue(usage: () => FairQueueUsage): void
  /** All of it, in Prometheus's text format. */
  read(): Promise<{ contentType: string; text: string }>
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
const METHODS = new Set(["GET", "HEAD", "POST", "DELETE", "OPTIONS"])

/** Loads the library when it is needed: without metrics, nothing of it is. */
export async function createMetrics(): Promise<Metrics> {
  const { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } = await import("prom-client")
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: "latchkey_request_duration_seconds",
    help: "Requests by route pattern or procedure, and by status, with the time to their answer.",
    labelNames: ["method", "route", "status"],
    buckets: SECONDS,
    registers,
  })
  const batchedCalls = new Counter({
    name: "latchkey_batched_calls_total",
    help: "Calls that came in tRPC batches, by procedure.",
    labelNames: ["procedure"],
    registers,
  })
  const failures = new Counter({
    name: "latchkey_failures_total",
    help: "Calls answered with a failure, by the contract's reason.",
    labelNames: ["reason"],
    registers,
  })
  const verdicts = new Counter({
    name: "latchkey_verdicts_total",
    help: "What became of credentials.",
    labelNames: ["credential", "verdict"],
    registers,
  })
  const batches = new Histogram({
    name: "latchkey_batch_size",
    help: "How many calls shared a read.",
    labelNames: ["of"],
    buckets: SIZES,
    registers,
  })
  const bcrypts = new Histogram({
    name: "latchkey_bcrypt_duration_seconds",
    help: "bcrypts by purpose and result, with their time, waiting included.",
    labelNames: ["purpose", "result"],
    buckets: SECONDS,
    registers,
  })
  const bcryptsPending = new Gauge({
    name: "latchkey_bcrypts_pending",
    help: "bcrypts that wait or run.",
    labelNames: ["purpose"],
    registers,
  })
  const queries = new Histogram({
    name: "latchkey_database_query_duration_seconds",
    help: "Queries, with their time, waiting for a connection included.",
    buckets: SECONDS,
    registers,
  })

  return {
    auth: {
      verdict: (credential, verdict) => verdicts.inc({ credential, verdict }),
      batch: (of, size) => batches.observe({ of }, size),
      bcryptBegan: (purpose) => bcryptsPending.inc({ purpose }),
      bcryptEnded(purpose, result, seconds) {
        bcryptsPending.dec({ purpose })
        bcrypts.observe({ purpose, result }, seconds)
      },
    },
    onQuery: (seconds) => queries.observe(seconds),
    onResponse(method, { route, status, failures: failed }, seconds) {
      const isBatch = route.includes(",")
      requests.observe(
        {
          method: METHODS.has(method) ? method : "other",
          route: isBatch ? "/trpc (batch)" : route,
          status: status ?? 0,
        },
        seconds,
      )
      if (isBatch) {
        for (const procedure of route.slice("/trpc/".length).split(",")) batchedCalls.inc({ procedure })
      }
      for (const { failure } of failed) failures.inc({ reason: failure.reason })
    },
    watchDatabase(usage) {
      for (const [name, help, read] of [
        ["connections_max", "Connections that the pool may open.", () => usage().size],
        ["connections_in_use", "Connections that a query has.", () => usage().inUse],
        ["queries_waiting", "Queries that wait for a connection.", () => usage().waiting],
      ] as const) {
        new Gauge({
          name: `latchkey_database_${name}`,
          help,
          registers,
          collect() {
            this.set(read())
          },
        })
      }
      new Counter({
        name: "latchkey_database_queries_refused_total",
        help: "Queries that got no connection in time.",
        registers,
        collect() {
          this.reset()
          this.inc(usage().refused)
        },
      })
    },
    watchLog(droppedLines) {
      new Counter({
        name: "latchkey_log_lines_dropped_total",
        help: "Lines of the log that were dropped because they could not be written.",
        registers,
        collect() {
          this.reset()
          this.inc(droppedLines())
        },
      })
    },
    watchQueue(usage) {
      new Gauge({
        name: "latchkey_calls_waiting",
        help: "Calls that wait for their client's turn.",
        registers,
        collect() {
          this.set(usage().waiting)
        },
      })
      new Counter({
        name: "latchkey_calls_refused_total",
        help: "Calls whose turn did not come in time.",
        registers,
        collect() {
          this.reset()
          this.inc(usage().refused)
        },
      })
    },
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
