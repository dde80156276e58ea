import type { NotReady, RequestObserver } from "@latchkey/api"
import type { Auth, AuthObserver, AuthOptions } from "@latchkey/auth"
import type { Database, DatabaseHandle } from "@latchkey/db"
import type { RestoreLog } from "../restoreLog/openRestoreLog.ts"
import type { ReplicationWatch } from "./watchReplication.ts"

/** Options that only Latchkey's own server and the tests can set. */
export interface Internals {
  /**
   * Replaces the URL of the settings: `file://…` for another directory of the embedded database, or a database in
   * memory.
   */
  databaseUrl?: string
  /** The environment of the process, for a command that keeps the restore log. */
  environment: NodeJS.ProcessEnv
  accessTokenTtl: number
  refreshTokenTtl: number
  sessionIdleTtl?: number | undefined
  bcryptCost: number
  /** How many bcrypts of a kind run at once; by default, one less than there are cores. */
  bcryptsAtOnce?: number | undefined
  registration: "open" | "closed"
  /** Null: the account that registers first is an administrator. */
  adminEmails: readonly string[] | null
  adminSecondFactor?: AuthOptions["adminSecondFactor"]
  /** Sends a mail to the owner of an account; undefined without mails. */
  sendMail?: AuthOptions["sendMail"]
  auditRetentionDays: number
  limits: NonNullable<AuthOptions["limits"]>
  configuredKeys: NonNullable<AuthOptions["configuredKeys"]>
  /** Null for a standalone server, without a base path. */
  mountedAt: string | null
  trustProxy: number
  authObserver: AuthObserver | undefined
  requestObserver: RequestObserver | null
  onQuery: ((seconds: number) => void) | undefined
  onLeaseWait?: ((seconds: number) => void) | undefined
  /** Ends the opening when aborted. */
  signal?: AbortSignal | undefined
  /** Called each time the database has been opened. */
  prepare?: (opened: Opened) => Promise<void>
  /** Replaces the check of the database. */
  checkReady?: () => Promise<NotReady | null>
}

export interface Opened {
  auth: Auth
  db: Database
  usage: DatabaseHandle["usage"]
  /** How the database replicates; undefined while that is unknown, and for the embedded database. */
  replication: ReplicationWatch["current"]
  /** How the restore log is; undefined if none is kept. */
  restoreLog: RestoreLog["status"]
}
