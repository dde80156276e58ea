import { createHistogram } from "node:perf_hooks"

/** Records latencies in microseconds. autocannon's own histogram only records whole milliseconds. */
export function createLatencies() {
  const histogram = createHistogram()
  return {
    record: (milliseconds: number) => histogram.record(Math.max(1, Math.round(milliseconds * 1000))),
    /** In milliseconds. */
    read: () => ({ p50: histogram.percentile(50) / 1000, p99: histogram.percentile(99) / 1000 }),
  }
}
