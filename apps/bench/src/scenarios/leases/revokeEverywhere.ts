import { setTimeout as sleep } from "node:timers/promises"
import type { OwnKey } from "../revocableKeys.ts"
import type { Instance } from "./instance.ts"

/** Answers by status; `none` where the process was killed. */
export type Answers = Record<string, number>

export interface Revoker {
  instances: readonly Instance[]
  /** Picks an instance to ask for a revocation. */
  pick(): Instance
  /** Of requests with revoked keys that were sent after the response to the revocation. */
  afterwards: Answers
  /** Requests that are still to be answered, as a process may be stopped. */
  pending: Promise<void>[]
}

/** Milliseconds after the response to the revocation. */
const ASKED_AFTER = [0, 20, 200, 1_000]
const PATIENCE_MS = 10_000

/** The status of an answer to a key; `none` without one. */
export async function statusOf(url: string, apiKey: string, patience?: number): Promise<string> {
  try {
    const response = await fetch(`${url}/trpc/auth.me`, {
      headers: { "x-api-key": apiKey },
      signal: patience === undefined ? null : AbortSignal.timeout(patience),
    })
    await response.arrayBuffer()
    return `${response.status}`
  } catch {
    return "none"
  }
}

export function count(answers: Answers, status: string): void {
  answers[status] = (answers[status] ?? 0) + 1
}

/** As many requests as it has workers, and some more, since they answer in turns. */
const requestsTo = (instances: readonly Instance[]) =>
  instances.flatMap((instance) => Array<Instance>(2 * instance.workers).fill(instance))

/**
 * Revokes a key that all instances have in memory, and asks all of them about it afterwards.
 *
 * @returns the milliseconds until the revocation was answered.
 */
export async function revokeEverywhere(revoker: Revoker, key: OwnKey): Promise<number> {
  const { instances, afterwards, pending } = revoker
  const { apiKey } = key
  await Promise.all(requestsTo(instances).map(({ url }) => statusOf(url, apiKey, 1_000)))
  const startedAt = performance.now()
  while (!(await revoke(revoker, key))) await sleep(50)
  const took = performance.now() - startedAt
  const ask = async ({ url }: Instance, after: number) => {
    await sleep(after)
    count(afterwards, await statusOf(url, apiKey))
  }
  pending.push(
    ...ASKED_AFTER.flatMap((after) => requestsTo(instances).map((instance) => ask(instance, after))),
  )
  return took
}

/** @returns whether it is answered that the key is revoked, now or before. */
async function revoke({ pick }: Revoker, { id, accessToken }: OwnKey): Promise<boolean> {
  try {
    const response = await fetch(`${pick().url}/auth/apikeys/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    await response.arrayBuffer()
    if (![204, 404, 503].includes(response.status)) throw new Error(`revoking returned ${response.status}`)
    return response.status !== 503
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("revoking returned")) throw error
    return false
  }
}
