import { once } from "node:events"
import autocannon, { type Client, type Options } from "autocannon"
import { apiKeyAt, apiKeysOf } from "../../src/keys.ts"
import { createLatencies } from "../../src/latencies.ts"
import type { Credentials, LoadResult, StreamOptions } from "../../src/loadProtocol.ts"

/** More than this are made while the load runs, as the ready-made requests would take gigabytes. */
const READY_MADE = 50_000

/** Gives each connection a share of the credentials of its own, so that no two send the same at the same time. */
function shareOut(credentials: Credentials, connections: number) {
  let next = 0
  const values = "values" in credentials ? credentials.values : undefined
  const header = "values" in credentials ? credentials.header : "x-api-key"
  if ("keys" in credentials && credentials.keys.count > READY_MADE) {
    const { from, count, step } = credentials.keys
    return (client: Client) =>
      client.setRequests([
        {
          setupRequest: (request) => ({
            ...request,
            headers: { [header]: apiKeyAt(from + (next++ % count) * step) },
          }),
        },
      ])
  }
  const all = values ?? ("keys" in credentials ? apiKeysOf(credentials.keys) : [])
  return (client: Client) => {
    const share = all.filter((_, i) => i % connections === next % Math.min(connections, all.length))
    next++
    client.setRequests(share.map((value) => ({ headers: { [header]: value } })))
  }
}

async function run({
  url,
  credentials,
  method = "GET",
  headers = {},
  body,
  connections,
  seconds,
  amount,
  rate,
}: StreamOptions): Promise<LoadResult> {
  const latencies = createLatencies()
  const statuses: Record<string, number> = {}
  const options: Options = {
    url,
    method,
    headers,
    ...(body !== undefined && { body }),
    connections,
    setupClient: shareOut(credentials, connections),
    timeout: 120,
    // How often autocannon looks whether time is up.
    sampleInt: 20,
    // autocannon's `amount` knows no time limit, and its duration has a default.
    ...(seconds !== undefined && { duration: seconds }),
    ...(amount !== undefined && (seconds === undefined ? { amount } : { maxOverallRequests: amount })),
    ...(rate !== undefined && { overallRate: rate }),
  }
  const startedAt = performance.now()
  let lastAnswerAt = startedAt
  const instance = autocannon(options, () => {})
  instance.on("response", (_client, status, _bytes, milliseconds) => {
    statuses[status] = (statuses[status] ?? 0) + 1
    latencies.record(milliseconds)
    lastAnswerAt = performance.now()
  })
  const [{ errors }] = await once(instance, "done")
  return { statuses, errors, seconds: (lastAnswerAt - startedAt) / 1000, ...latencies.read() }
}

process.on("message", async (message: { runAll?: StreamOptions[] }) => {
  if (message.runAll) process.send?.({ results: await Promise.all(message.runAll.map(run)) })
})
// The agent has let go of the channel, and there is nothing else to stay for.
process.channel?.ref()
process.send?.({ ready: true })
