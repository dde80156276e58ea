import { eventually } from "@latchkey/test-postgres"
import { registerWithKey, rest } from "../testServer.ts"
import type { Ledger } from "./ledger.ts"

export interface Load {
  /** Resolves when `count` more calls have received one of these statuses. */
  untilResponses(count: number, statuses: readonly number[]): Promise<void>
  /** Waits for the calls in flight. Returns the number of calls by outcome. */
  stop(): Promise<Record<string, number>>
}

/** The statuses of successful calls. */
export const SUCCESS = [200, 201, 204]

/** Milliseconds that a client waits for a response. */
const CLIENT_TIMEOUT = 5_000

/**
 * Starts callers that make valid calls of every kind in a loop. A timeout counts as an outcome.
 */
export async function startLoad(url: string, ledger: Ledger, callers = 6): Promise<Load> {
  const counts = new Map<string, number>()
  const users = await Promise.all(Array.from({ length: callers }, () => registerWithKey(url)))
  let over = false

  async function record(name: string, call: Promise<number>) {
    const outcome = await call.catch((error: Error) => `${name}: ${error.cause ?? error.name}`)
    // Any 401 here is a wrong verdict. The name shows which call got it.
    const key = [...SUCCESS, 503].includes(Number(outcome)) ? `${outcome}` : `${name}: ${outcome}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  const work = users.map(async ({ apiKey, accessToken }, caller) => {
    const get = async (path: string, credential: { apiKey: string } | { accessToken: string }) =>
      (await rest(url, "GET", path, { ...credential, signal: AbortSignal.timeout(CLIENT_TIMEOUT) })).status
    for (let round = caller; !over; round++) {
      await record("me by key", get("/auth/me", { apiKey }))
      await record("me by token", get("/auth/me", { accessToken }))
      await record("list", get("/auth/apikeys", { apiKey }))
      if (round % 4 === 0) await record("create", ledger.create(url, accessToken))
      if (round % 12 === 0) await record("revoke", ledger.revoke(url))
    }
  })

  const countCalls = (statuses: readonly number[]) =>
    statuses.reduce((sum, status) => sum + (counts.get(`${status}`) ?? 0), 0)

  return {
    async untilResponses(count, statuses) {
      const before = countCalls(statuses)
      await eventually(() => {
        if (countCalls(statuses) - before < count)
          throw new Error(`outcomes so far: ${JSON.stringify([...counts])}`)
      })
    },
    async stop() {
      over = true
      await Promise.all(work)
      return Object.fromEntries(counts)
    },
  }
}
