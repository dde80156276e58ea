import type { NotReady } from "@latchkey/api"
import { createBatchedRead } from "@latchkey/auth"

/** Milliseconds to keep serving after the stop is announced, while load balancers notice. */
const NOTICE_MS = 1_500

/** Milliseconds after a check for which a load balancer is assumed to keep polling. */
const POLLING_MS = 30_000

/** Whether load balancers should send requests to this server. */
export interface Readiness {
  check(): Promise<NotReady | null>
  /** Reports not ready from now on. Resolves when the server may stop: at once, unless a load balancer polls it. */
  announceStop(): Promise<void>
}

/**
 * Creates the readiness check.
 *
 * @param checkDatabase resolves if the database answers. Concurrent calls of `check` share one database check, which
 *   begins after they do.
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
    async announceStop() {
      stopping = true
      if (performance.now() - lastCheckAt > POLLING_MS) return
      await new Promise((resolve) => setTimeout(resolve, NOTICE_MS))
    },
  }
}
