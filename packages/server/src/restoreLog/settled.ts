import type { Applied, Refused } from "@latchkey/db"

/** A log that is in step with its database. */
export interface SettledLog {
  deploymentId: string
  position: number
  /** When the change at the position was made. */
  at: string | null
}

/** What was done to bring them in step. */
export type Settled = SettledLog & {
  isSignedAnew: boolean
  /** Set after a restore. */
  applied?: Applied
  /** Set if something was in doubt. */
  refused?: Refused & { file: string }
}
