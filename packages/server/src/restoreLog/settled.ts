import type { Applied, Refused } from "@latchkey/db"

/** A log that is in step with its database. */
export interface SettledLog {
  deploymentId: string
  /** The history that the database is at. */
  history: string
  /** The server, and its timeline, that the history belongs to. */
  server: string
  position: number
  /** When the change at the position was made. */
  at: string | null
}

/** The steps that brought them in step. */
export type Settled = SettledLog & {
  isSignedAnew: boolean
  /** Set after a restore. */
  applied?: Applied
  /** Set if something was in doubt. */
  refused?: Refused & { file: string }
}
