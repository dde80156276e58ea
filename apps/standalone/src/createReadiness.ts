import { createBatchedRead } from "@latchkey/auth"

/** Milliseconds after being told to stop, for whoever sends requests here to learn of it and send them elsewhere. */
const NOTICE_MS = 1_500

/** Milliseconds within which whoever asks at all asks again. */
const ASKING_MS = 30_000

/** Why no requests should be sent here. */
export interface NotReady {
  message: string
  /** Left out when it was asked for. */
  error?: unknown
}

/** Whether requests should be sent here, as load balancers ask it. */
export interface Readiness {
  check(): Promise<NotReady | null>
  /** From now on it is stopping. Resolves when it may stop: at once, unless somebody has been asking. */
  announceStop(): Promise<void>
}

/**
 * @param checkDatabase resolves when the database answers. Whoever asks at the same time shares one check, which began
 *   after they asked.
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
  let askedAt = Number.NEGATIVE_INFINITY

  return {
    async check() {
      askedAt = performance.now()
      if (stopping) return { message: "Shutting down." }
      return sharedCheck("database").then(
        () => null,
        (error: unknown) => ({ message: "The database does not answer.", error }),
      )
    },
    async announceStop() {
      stopping = true
      if (performance.now() - askedAt > ASKING_MS) return
      await new Promise((resolve) => setTimeout(resolve, NOTICE_MS))
    },
  }
}
