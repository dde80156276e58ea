import type { RequestObserver } from "@latchkey/api"
import type { AuthObserver, FairQueueUsage } from "@latchkey/auth"
import type { Replication, SemaphoreUsage } from "@latchkey/db"
import type { RestoreLogStatus } from "@latchkey/server/internal"
import type { MetricObjectWithValues, MetricValue } from "prom-client"

/** The Prometheus metrics of this process. No label contains a user, a key, an address, or text from a client. */
export interface Metrics extends RequestObserver {
  /** The observer for `@latchkey/auth`. */
  auth: AuthObserver
  onQuery(seconds: number): void
  /** A change waited for the leases of other instances. */
  onLeaseWait(seconds: number): void
  /** Reports the connection pool's usage at every scrape. */
  watchDatabase(usage: () => SemaphoreUsage): void
  /** Reports at every scrape how the database replicates. There is no value while that is not known. */
  watchReplication(current: () => Replication | undefined): void
  /** Reports at every scrape how the restore log is. */
  watchRestoreLog(status: () => RestoreLogStatus): void
  /** Reports the number of dropped log lines at every scrape. */
  watchLog(droppedLines: () => number): void
  /** Reports at every scrape whether verdicts may come from memory. */
  watchLease(isHeld: () => boolean): void
  /** Reports the fair queue's usage at every scrape. */
  watchQueue(usage: () => FairQueueUsage): void
  /** All metrics in Prometheus's text format. */
  read(): Promise<MetricsPage>
  /** The values of all metrics, to be added to those of other workers. */
  snapshot(): Promise<MetricsSnapshot>
}

export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

/** The response to `GET /metrics`. */
export interface MetricsPage {
  contentType: string
  text: string
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
const METHODS = new Set(["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"])

/** Loads `prom-client` dynamically, so that servers without metrics never load it. */
export async function createMetrics(): Promise<Metrics> {
  const { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } = await import("prom-client")
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: "latchkey_request_duration_seconds",
    help: "Request duration in seconds, by method, route pattern or procedure, and status.",
    labelNames: ["method", "route", "status"],
    buckets: SECONDS,
    registers,
  })
  const batchedCalls = new Counter({
    name: "latchkey_batched_calls_total",
    help: "Calls in tRPC batches, by procedure.",
    labelNames: ["procedure"],
    registers,
  })
  const failures = new Counter({
    name: "latchkey_failures_total",
    help: "Failed calls, by reason.",
    labelNames: ["reason"],
    registers,
  })
  const verdicts = new Counter({
    name: "latchkey_verdicts_total",
    help: "Authentication attempts, by kind of credential and verdict.",
    labelNames: ["credential", "verdict"],
    registers,
  })
  const batches = new Histogram({
    name: "latchkey_batch_size",
    help: "Calls that shared a database read.",
    labelNames: ["of"],
    buckets: SIZES,
    registers,
  })
  const remembered = new Counter({
    name: "latchkey_remembered_reads_total",
    help: "Calls that a row in memory answered instead of a read.",
    labelNames: ["of"],
    registers,
  })
  const leaseWaits = new Histogram({
    name: "latchkey_lease_wait_duration_seconds",
    help: "How long changes that take a right away waited for the leases of other instances.",
    buckets: [...SECONDS, 10],
    registers,
  })
  const bcrypts = new Histogram({
    name: "latchkey_bcrypt_duration_seconds",
    help: "Duration of bcrypt operations in seconds, including time in the queue, by purpose and result.",
    labelNames: ["purpose", "result"],
    buckets: SECONDS,
    registers,
  })
  const bcryptsPending = new Gauge({
    name: "latchkey_bcrypts_pending",
    help: "bcrypt operations that are queued or running, by purpose.",
    labelNames: ["purpose"],
    registers,
  })
  const queries = new Histogram({
    name: "latchkey_database_query_duration_seconds",
    help: "Query duration in seconds, including the wait for a connection.",
    buckets: SECONDS,
    registers,
  })

  return {
    auth: {
      verdict: (credential, verdict) => verdicts.inc({ credential, verdict }),
      batch: (of, size) => batches.observe({ of }, size),
      remembered: (of) => remembered.inc({ of }),
      bcryptBegan: (purpose) => bcryptsPending.inc({ purpose }),
      bcryptEnded(purpose, result, seconds) {
        bcryptsPending.dec({ purpose })
        bcrypts.observe({ purpose, result }, seconds)
      },
    },
    onQuery: (seconds) => queries.observe(seconds),
    onLeaseWait: (seconds) => leaseWaits.observe(seconds),
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
        ["connections_max", "Maximum number of connections in the pool.", () => usage().size],
        ["connections_in_use", "Connections in use by a query.", () => usage().inUse],
        ["queries_waiting", "Queries waiting for a connection.", () => usage().waiting],
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
    watchReplication(current) {
      // All workers see the same database.
      for (const [name, help, aggregator, read] of [
        [
          "synchronous",
          "1 if the database acknowledges a change only once a standby has it, else 0.",
          "min",
          (found: Replication) => Number(found.isSynchronous),
        ],
        [
          "standbys",
          "Standbys that stream from the database.",
          "max",
          (found: Replication) => found.standbys,
        ],
      ] as const) {
        new Gauge({
          name: `latchkey_database_${name}`,
          help,
          aggregator,
          registers,
          collect() {
            const found = current()
            this.reset()
            this.set(found ? read(found) : Number.NaN)
          },
        })
      }
    },
    watchRestoreLog(status) {
      // All workers look at the same database and log.
      for (const [name, help, read] of [
        ["lag_positions", "Changes of the database that the restore log lacks.", () => status().lag],
        ["lag_seconds", "For how long the restore log has lacked some of them.", () => status().lagSeconds],
        [
          "compacted_timestamp_seconds",
          "When the restore log was last compacted, or needed no compaction, in seconds since 1970; 0 if not since the start.",
          () => (status().compactedAt?.getTime() ?? 0) / 1_000,
        ],
      ] as const) {
        new Gauge({
          name: `latchkey_restore_log_${name}`,
          help,
          aggregator: "max",
          registers,
          collect() {
            this.set(read())
          },
        })
      }
      new Counter({
        name: "latchkey_restore_log_failed_appends_total",
        help: "Failures to append to the restore log.",
        registers,
        collect() {
          this.reset()
          this.inc(status().failedAppends)
        },
      })
    },
    watchLog(droppedLines) {
      new Counter({
        name: "latchkey_log_lines_dropped_total",
        help: "Log lines dropped because they could not be written.",
        registers,
        collect() {
          this.reset()
          this.inc(droppedLines())
        },
      })
    },
    watchLease(isHeld) {
      new Gauge({
        name: "latchkey_leases_held",
        help: "1 while a lease is held, else 0.",
        registers,
        collect() {
          this.set(Number(isHeld()))
        },
      })
    },
    watchQueue(usage) {
      new Gauge({
        name: "latchkey_calls_waiting",
        help: "Calls waiting in the fair queue.",
        registers,
        collect() {
          this.set(usage().waiting)
        },
      })
      new Counter({
        name: "latchkey_calls_refused_total",
        help: "Calls that the fair queue refused or did not run in time.",
        registers,
        collect() {
          this.reset()
          this.inc(usage().refused)
        },
      })
    },
    snapshot: () => registry.getMetricsAsJSON(),
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
