import { once } from "node:events"
import autocannon, { type Client, type Options } from "autocannon"
import { apiKeyAt, apiKeysOf } from "../../src/keys.ts"
import { createLatencies } from "../../src/latencies.ts"
import type { Credentials, LoadResult, StreamOptions } from "../../src/loadProtocol.ts"

/** Above this number, requests are built as they are sent, because building them up front would take gigabytes. */
const MAX_PREBUILT = 50_000

/** Gives each connection its own share of the credentials, so that no two send the same one concurrently. */
function distribute(credentials: Credentials, connections: number) {
  let next = 0
  /** Returns one connection's share at each call. */
  function shareOf(all: readonly string[]) {
    return () => {
      const mine = all.filter((_, i) => i % connections === next % Math.min(connections, all.length))
      next++
      return mine
    }
  }
  const values = "values" in credentials ? credentials.values : undefined
  const header = "values" in credentials ? credentials.header : "x-api-key"
  if ("keys" in credentials && credentials.keys.count > MAX_PREBUILT) {
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
  if ("introspected" in credentials) {
    const { introspected, apiKey } = credentials
    const headers = { "x-api-key": apiKey, "content-type": "application/x-www-form-urlencoded" }
    const share = shareOf(apiKeysOf(introspected))
    return (client: Client) => client.setRequests(share().map((key) => ({ headers, body: `token=${key}` })))
  }
  const share = shareOf(values ?? ("keys" in credentials ? apiKeysOf(credentials.keys) : []))
  return (client: Client) => client.setRequests(share().map((value) => ({ headers: { [header]: value } })))
}

async function runStream({
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
    setupClient: distribute(credentials, connections),
    timeout: 120,
    // Milliseconds between checks whether the time is up.
    sampleInt: 20,
    // autocannon's `amount` ignores the duration, and its duration has a default.
    ...(seconds !== undefined && { duration: seconds }),
    ...(amount !== undefined && (seconds === undefined ? { amount } : { maxOverallRequests: amount })),
    ...(rate !== undefined && { overallRate: rate }),
  }
  const startedAt = performance.now()
  let lastResponseAt = startedAt
  const instance = autocannon(options, () => {})
  instance.on("response", (_client, status, _bytes, milliseconds) => {
    statuses[status] = (statuses[status] ?? 0) + 1
    latencies.record(milliseconds)
    lastResponseAt = performance.now()
  })
  const [{ errors }] = await once(instance, "done")
  return { statuses, errors, seconds: (lastResponseAt - startedAt) / 1000, ...latencies.read() }
}

process.on("message", async (message: { runAll?: StreamOptions[] }) => {
  if (message.runAll) process.send?.({ results: await Promise.all(message.runAll.map(runStream)) })
})
// The agent unrefs the channel, but nothing else keeps this process running.
process.channel?.ref()
process.send?.({ ready: true })
