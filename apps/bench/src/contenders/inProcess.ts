import { createAuth } from "@latchkey/auth"
import { createDatabase } from "@latchkey/db"
import { apiKeysOf } from "../keys.ts"
import { createLatencies } from "../latencies.ts"
import type { LoadResult, StreamOptions } from "../loadProtocol.ts"
import { databaseUrl } from "./parts/environment.ts"

const { db } = await createDatabase(databaseUrl())
const { authenticate } = createAuth({
  db,
  secrets: { current: process.env.AUTH_SECRET ?? "" },
  accessTokenTtl: 900,
  refreshTokenTtl: 900,
  bcryptCost: 10,
  registration: "closed",
  maxKeysPerUser: 100,
  adminEmails: [],
  auditRetentionDays: 365,
  onBackgroundError: (error) => {
    throw error
  },
})

/** Calls Latchkey without HTTP and tRPC: one sequential caller for each connection. */
async function runStream({
  credentials,
  connections,
  seconds = Number.POSITIVE_INFINITY,
  amount = Number.POSITIVE_INFINITY,
}: StreamOptions): Promise<LoadResult> {
  if (!("keys" in credentials)) throw new TypeError("only API keys are supported")
  const headers = apiKeysOf(credentials.keys).map((apiKey) => new Headers({ "x-api-key": apiKey }))
  const latencies = createLatencies()
  const statuses: Record<string, number> = {}
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000

  async function callRepeatedly(first: number) {
    for (let i = first; i < amount && performance.now() < endsAt; i += connections) {
      const sentAt = performance.now()
      const { caller } = await authenticate(headers[i % headers.length] ?? new Headers())
      latencies.record(performance.now() - sentAt)
      const status = caller ? 200 : 401
      statuses[status] = (statuses[status] ?? 0) + 1
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
