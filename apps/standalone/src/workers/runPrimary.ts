import type { Worker } from "node:cluster"
import { once } from "node:events"
import type { Env } from "../env.ts"
import type { Log } from "../log.ts"
import { serveMetrics } from "../metrics/serveMetrics.ts"
import { createMetricsSum } from "../metrics/sumMetrics.ts"
import { urlOf } from "../start/start.ts"
import { during } from "../start/startFailure.ts"
import { ask } from "./ask.ts"
import { type KeptWorkers, keepWorkers } from "./keepWorkers.ts"
import { stopWorkers } from "./stopWorkers.ts"

/** Milliseconds that a worker has to report its metrics. */
const METRICS_MS = 1_000

/**
 * Runs the workers, and serves the sum of their metrics, until `stop`. Does not open the database.
 *
 * @param options.onFatal called with the reason why the workers can't serve.
 * @throws {StartFailure}
 */
export async function runPrimary(
  env: Env,
  log: Log,
  options: { workers: number; droppedLines: () => number; stop: AbortSignal; onFatal(why: string): void },
): Promise<void> {
  const { workers, droppedLines, stop, onFatal } = options
  let kept: KeptWorkers | null = null
  const metrics =
    env.METRICS_PORT === undefined
      ? null
      : await createMetricsSum<Worker>((worker) => ask(worker, "metrics", METRICS_MS), {
          servingWorkers: () => kept?.serving().length ?? 0,
          replacedWorkers: () => kept?.replaced() ?? 0,
          droppedLines,
        })
  const { METRICS_PORT: port = 0, HOST: host, KEEP_ALIVE_TIMEOUT: keepAliveTimeout } = env
  const metricsServer =
    metrics &&
    (await during("metrics", () =>
      serveMetrics(() => metrics.read(kept?.serving() ?? []), { port, host, keepAliveTimeout, log }),
    ))
  const metricsUrl = metricsServer && `${urlOf(metricsServer, host)}/metrics`
  kept = keepWorkers({
    ...{ workers, log, onFatal },
    onServing: ({ url, awaitsFirstAccount }) =>
      log.info(
        {
          url,
          ...(metricsUrl !== null && { metricsUrl }),
          database: "PostgreSQL",
          workers,
          awaitsFirstAccount,
        },
        `serving on ${url}`,
      ),
    onEnd: (worker) => metrics?.keepEnded(worker),
  })
  if (!stop.aborted) await once(stop, "abort")
  const { serving, all, release } = kept
  await stopWorkers({ serving, all, exited: release() })
}
