import type { MetricsPage, MetricsSnapshot } from "./createMetrics.ts"

/** The metrics of several workers as one page. */
export interface MetricsSum<Source> {
  /** All metrics of workers that run, and the counters of those that have ended. */
  read(workers: readonly Source[]): Promise<MetricsPage>
  /**
   * Keeps the counters of a worker that has ended, with their values on the last page. If they vanished from the sum,
   * Prometheus would take the drop for a restart, and count the rest as new.
   */
  keepEnded(worker: Source): void
}

/** @param own the metrics of the process that sums, which is not a worker. */
export async function createMetricsSum<Source extends object>(
  snapshotOf: (worker: Source) => Promise<MetricsSnapshot | undefined>,
  own: { servingWorkers: () => number; replacedWorkers: () => number; droppedLines: () => number },
): Promise<MetricsSum<Source>> {
  const { AggregatorRegistry, Counter, Gauge, Registry } = await import("prom-client")
  const sum = (snapshots: readonly MetricsSnapshot[]) => AggregatorRegistry.aggregate([...snapshots])
  const last = new WeakMap<Source, MetricsSnapshot>()
  let ended: MetricsSnapshot = []
  let keeping = Promise.resolve()
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: "latchkey_workers",
    help: "Workers that serve.",
    registers,
    collect() {
      this.set(own.servingWorkers())
    },
  })
  for (const [name, help, read] of [
    ["workers_replaced_total", "Workers that have ended and were replaced.", own.replacedWorkers],
    ["log_lines_dropped_total", "Log lines dropped because they could not be written.", own.droppedLines],
  ] as const) {
    new Counter({
      name: `latchkey_${name}`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }

  /** If a worker does not answer, its last answer counts. */
  async function update(worker: Source) {
    const snapshot = await snapshotOf(worker)
    if (snapshot) last.set(worker, snapshot)
    return last.get(worker) ?? []
  }

  return {
    async read(workers) {
      await keeping
      // `snapshots` still contains workers that end after this point.
      const endedBefore = ended
      const snapshots = await Promise.all(workers.map(update))
      const all = sum([...snapshots, endedBefore, await registry.getMetricsAsJSON()])
      return { contentType: registry.contentType, text: await all.metrics() }
    },
    keepEnded(worker) {
      const counters = (last.get(worker) ?? []).filter(({ type }) => isCounted(String(type)))
      keeping = keeping.then(async () => {
        ended = await sum([ended, counters]).getMetricsAsJSON()
      })
    },
  }
}

const isCounted = (type: string) => type === "counter" || type === "histogram"
