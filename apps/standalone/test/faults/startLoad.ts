import { vi } from "vitest"
import { registerWithKey, rest } from "../testServer.ts"
import type { Ledger } from "./ledger.ts"

export interface Load {
  /** Resolves when so many more calls have been answered with one of the statuses. */
  untilAnswered(count: number, statuses: readonly number[]): Promise<void>
  /** Lets the calls that are under way end. @returns how often which answer came. */
  stop(): Promise<Record<string, number>>
}

export const GOOD = [200, 201, 204]

/** Milliseconds that a client waits. */
const PATIENCE = 5_000

/**
 * Good calls of every kind without a pause, each by several callers at once. An answer that does not come in time
 * counts as one.
 */
export async function startLoad(url: string, ledger: Ledger, callers = 6): Promise<Load> {
  const counts = new Map<string, number>()
  const users = await Promise.all(Array.from({ length: callers }, () => registerWithKey(url)))
  let over = false

  async function count(name: string, answer: Promise<number>) {
    const outcome = await answer.catch((error: Error) => `${name}: ${error.cause ?? error.name}`)
    // A 401 to anything here is a wrong verdict; which call got it says where to look.
    const key = [...GOOD, 503].includes(Number(outcome)) ? `${outcome}` : `${name}: ${outcome}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  const work = users.map(async ({ apiKey, accessToken }, caller) => {
    const get = async (path: string, credential: { apiKey: string } | { accessToken: string }) =>
      (await rest(url, "GET", path, { ...credential, signal: AbortSignal.timeout(PATIENCE) })).status
    for (let round = caller; !over; round++) {
      await count("me by key", get("/auth/me", { apiKey }))
      await count("me by token", get("/auth/me", { accessToken }))
      await count("list", get("/auth/apikeys", { apiKey }))
      if (round % 4 === 0) await count("create", ledger.create(url, accessToken))
      if (round % 12 === 0) await count("revoke", ledger.revoke(url))
    }
  })

  const sumOf = (statuses: readonly number[]) =>
    statuses.reduce((sum, status) => sum + (counts.get(`${status}`) ?? 0), 0)

  return {
    async untilAnswered(count, statuses) {
      const before = sumOf(statuses)
      await vi.waitFor(
        () => {
          if (sumOf(statuses) - before < count)
            throw new Error(`answers so far: ${JSON.stringify([...counts])}`)
        },
        { timeout: 20_000, interval: 50 },
      )
    },
    async stop() {
      over = true
      await Promise.all(work)
      return Object.fromEntries(counts)
    },
  }
}
