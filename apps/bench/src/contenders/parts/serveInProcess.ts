import { setImmediate as nextIteration } from "node:timers/promises"
import { apiKeysOf } from "../../keys.ts"
import { createLatencies } from "../../latencies.ts"
import type { LoadResult, StreamOptions } from "../../loadProtocol.ts"

/** Calls after which a caller lets the event loop turn. */
const YIELD_EVERY = 64

/**
 * Lets the benchmark call a verification without HTTP: one sequential caller for each connection.
 *
 * @param requestWith makes the argument of a call, before the measurement, because a host is handed its requests.
 * @param verify resolves to whether the key is accepted.
 */
export function serveInProcess<Request>(
  requestWith: (apiKey: string) => Request,
  verify: (request: Request) => Promise<boolean>,
): void {
  async function runStream({
    credentials,
    connections,
    seconds = Number.POSITIVE_INFINITY,
    amount = Number.POSITIVE_INFINITY,
  }: StreamOptions): Promise<LoadResult> {
    if (!("keys" in credentials)) throw new TypeError("only API keys are supported")
    const requests = apiKeysOf(credentials.keys).map(requestWith)
    const latencies = createLatencies()
    const statuses: Record<string, number> = {}
    const startedAt = performance.now()
    const endsAt = startedAt + seconds * 1000

    async function callRepeatedly(first: number) {
      for (let i = first; i < amount && performance.now() < endsAt; i += connections) {
        const sentAt = performance.now()
        const isAccepted = await verify(requests[i % requests.length] as Request)
        latencies.record(performance.now() - sentAt)
        const status = isAccepted ? 200 : 401
        statuses[status] = (statuses[status] ?? 0) + 1
        // Verdicts from memory need no I/O, as the rest of a host's work does. Without any, leases could not be renewed.
        if ((i - first) % (YIELD_EVERY * connections) === 0) await nextIteration()
      }
    }
    await Promise.all(Array.from({ length: connections }, (_, first) => callRepeatedly(first)))
    return { statuses, errors: 0, seconds: (performance.now() - startedAt) / 1000, ...latencies.read() }
  }

  process.on("message", async (message: { run?: StreamOptions }) => {
    if (message.run) process.send?.({ results: [await runStream(message.run)] })
  })
  // The agent unrefs the channel, but nothing else keeps this process running.
  process.channel?.ref()
  process.send?.({ ready: true })
}
