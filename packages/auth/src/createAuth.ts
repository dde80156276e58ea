import { availableParallelism } from "node:os"
import { appointOldestUser, type Database, syncAdmins } from "@latchkey/db"
import { type Accounts, createAccounts } from "./accounts/accounts.ts"
import { type AdminUsers, createAdminUsers } from "./accounts/adminUsers.ts"
import { type Audit, createAudit } from "./audit/audit.ts"
import { createBcryptQueue } from "./crypto/bcryptQueue.ts"
import { createKeyring } from "./crypto/keyring.ts"
import { observeBcrypt } from "./crypto/observeBcrypt.ts"
import { type Authenticate, createAuthenticate } from "./identities/authenticate.ts"
import { type AdminApiKeys, createAdminApiKeys } from "./keys/adminApiKeys.ts"
import { type ApiKeys, createApiKeys } from "./keys/apiKeys.ts"
import { createLastUsed } from "./keys/lastUsed.ts"
import { createVerifyApiKey } from "./keys/verifyApiKey.ts"
import { createFailureBudget } from "./limits/failureBudget.ts"
import { createFairQueue, type FairQueue } from "./limits/fairQueue.ts"
import { defaultLimits, type Limits } from "./limits/limits.ts"
import { createThrottle } from "./limits/throttle.ts"
import type { AuthObserver } from "./observer.ts"
import { createSessions, type Sessions } from "./sessions/sessions.ts"
import { createSweeper } from "./sweeper.ts"

export interface AuthOptions {
  db: Database
  /** Server secrets of at least 32 bytes. Previous ones remain valid. API keys work without any of them. */
  secrets: { current: string; previous?: readonly string[] }
  /** Seconds. */
  accessTokenTtl: number
  /** Seconds from signing in, however often the session is refreshed. */
  refreshTokenTtl: number
  bcryptCost: number
  registration: "open" | "closed"
  maxKeysPerUser: number
  /** The emails of the administrators, in lower case; null: the account that registers first. */
  adminEmails: readonly string[] | null
  /** How long events of the audit trail are kept. */
  auditRetentionDays: number
  /** Replaces entries of `defaultLimits`. */
  limits?: Partial<Limits>
  /** Called with failures of background work. */
  onBackgroundError: (error: unknown) => void
  /** Without it, nothing is counted. */
  observer?: AuthObserver | undefined
}

export interface Auth {
  /** Seconds from signing in until a session ends. */
  refreshTokenTtl: number
  authenticate: Authenticate
  accounts: Accounts
  apiKeys: ApiKeys
  sessions: Sessions
  audit: Audit
  admin: { users: AdminUsers; apiKeys: AdminApiKeys }
  /** For calls that query the database for themselves alone. */
  queue: FairQueue
  /**
   * Brings the roles of all users in line with `adminEmails`; without those, makes the oldest account an
   * administrator where there is none.
   *
   * @returns how many of the emails have no account: whoever registers one becomes an administrator.
   */
  syncAdmins(): Promise<number>
  /** Writes what is buffered in memory. */
  flush(): Promise<void>
  /** Writes what is buffered in memory, and stops background work. */
  close(): Promise<void>
}

/** How many bcrypts may wait for a core: some 3 s of them, within what a client will wait for. */
const waitingPerCore = (cost: number) => Math.max(2, 40 >> (cost - 10))

/**
 * Below the pool's size, so that authentication and other work that many calls share finds a connection, and the
 * statements of this many calls end well within what a query may wait for one.
 */
const QUEUE = {
  places: 6,
  placesPerClient: 2,
  callsPerRequest: 1,
  maxWaiting: 1_000,
  patience: 2_500,
  maxRest: 20,
}

/** Puts the parts together. One of these per process: the batches, the queues and the gathering are shared by it. */
export function createAuth(options: AuthOptions): Auth {
  const { db, observer } = options
  const keyring = createKeyring(options.secrets)
  const concurrency = Math.max(1, availableParallelism() - 1)
  const queue = {
    cost: options.bcryptCost,
    concurrency,
    maxWaiting: concurrency * waitingPerCore(options.bcryptCost),
  }
  // Queues of their own, so that a rush on one does not keep the others waiting: anybody can ask for the first two.
  // What fails there leaves most of a core to calls that need none.
  const passwordBcrypt = observeBcrypt(
    createBcryptQueue({ ...queue, restAfterMismatch: 1 }),
    "password",
    observer,
  )
  const presentedKeyBcrypt = observeBcrypt(
    createBcryptQueue({ ...queue, restAfterMismatch: 3 }),
    "key",
    observer,
  )
  const newKeyBcrypt = observeBcrypt(createBcryptQueue(queue), "newKey", observer)
  const limits = { ...defaultLimits, ...options.limits }
  const throttle = createThrottle({ db, keyring }, limits, options.onBackgroundError)
  const lastUsed = createLastUsed(db, options.onBackgroundError)
  const sweeper = createSweeper(db, {
    auditRetentionDays: options.auditRetentionDays,
    onError: options.onBackgroundError,
  })
  const verifyApiKey = createVerifyApiKey({
    db,
    keyring,
    bcrypt: presentedKeyBcrypt,
    failures: createFailureBudget(limits.failedKeyChecks),
    observer,
  })

  return {
    refreshTokenTtl: options.refreshTokenTtl,
    authenticate: createAuthenticate({ db, keyring, verifyApiKey, lastUsed, observer }),
    accounts: createAccounts({ db, keyring, bcrypt: passwordBcrypt, throttle }, options),
    apiKeys: createApiKeys({ db, keyring, bcrypt: newKeyBcrypt }, options),
    sessions: createSessions(db),
    audit: createAudit(db),
    admin: { users: createAdminUsers(db), apiKeys: createAdminApiKeys(db) },
    queue: createFairQueue(QUEUE),
    async syncAdmins() {
      if (options.adminEmails) return syncAdmins(db, { emails: options.adminEmails })
      await appointOldestUser(db)
      return 0
    },
    flush: lastUsed.flush,
    async close() {
      await Promise.all([lastUsed.close(), sweeper.close()])
    },
  }
}
