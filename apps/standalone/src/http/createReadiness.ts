import type { NotReady } from "@latchkey/api"
import { createBatchedRead } from "@latchkey/auth"

/** Milliseconds to keep serving after the stop is announced, while load balancers notice. */
export const NOTICE_MS = 1_500

/** Milliseconds after a check for which a load balancer is assumed to keep polling. */
const POLLING_MS = 30_000

/** Whether load balancers should send requests to this server. */
export interface Readiness {
  check(): Promise<NotReady | null>
  /** Reports not ready from now on. Returns whether a load balancer polls it, which then needs time to notice. */
  announceStop(): boolean
}

/**
 * Creates the readiness check.
 *
 * @param checkDatabase resolves if the database answers. Concurrent calls of `check` share one database check, which
 *   begins after them.
 */
export function createReadiness(checkDatabase: () => Promise<void>): Readiness {
  const sharedCheck = createBatchedRead(
    async (ids: readonly string[]) => {
      await checkDatabase()
      return [...ids]
    },
    (id) => id,
  )
  let stopping = false
  let lastCheckAt = Number.NEGATIVE_INFINITY

  return {
    async check() {
      lastCheckAt = performance.now()
      if (stopping) return { message: "Shutting down." }
      return sharedCheck("database").then(
        () => null,
        (error: unknown) => ({ message: "The database does not answer.", error }),
      )
    },
    announceStop() {
      stopping = true
      return performance.now() - lastCheckAt <= POLLING_MS
    },
  }
}
