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
  /** Server secrets of at least 32 bytes. Previous ones remain valid. API keys survive the loss of all of them. */
  secrets: { current: string; previous?: readonly string[] }
  /** Seconds. */
  accessTokenTtl: number
  /** Seconds from signing in. Refreshing does not extend it. */
  refreshTokenTtl: number
  bcryptCost: number
  registration: "open" | "closed"
  maxKeysPerUser: number
  /** The administrators' emails, in lower case. If null, the first account to register is an administrator. */
  adminEmails: readonly string[] | null
  /** How long audit events are kept. */
  auditRetentionDays: number
  /** Overrides entries of `defaultLimits`. */
  limits?: Partial<Limits>
  /** Called with failures of background work. */
  onBackgroundError: (error: unknown) => void
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
  /** For calls whose queries are not shared with other calls. */
  queue: FairQueue
  /**
   * Updates the roles of all users to match `adminEmails`. If that is null and there is no administrator, makes the
   * oldest account one.
   *
   * @returns how many of the emails have no account. Anyone who registers one of them becomes an administrator.
   */
  syncAdmins(): Promise<number>
  /** Writes buffered data and stops background work. */
  close(): Promise<void>
}

/** How many bcrypts may wait per core: about 3 s of work, less than the timeout of most clients. */
const waitingPerCore = (cost: number) => Math.max(2, 40 >> (cost - 10))

/**
 * Fewer places than the pool has connections: authentication and other shared reads then find a free one, and the
 * statements of the running calls end well within the time that a query may wait for a connection.
 */
const QUEUE = {
  places: 6,
  placesPerClient: 2,
  callsPerRequest: 1,
  maxWaiting: 1_000,
  patience: 2_500,
  maxRest: 20,
}

/** Creates the auth service. Create one per process, because its batches, queues and buffers serve all calls. */
export function createAuth(options: AuthOptions): Auth {
  const { db, observer } = options
  const keyring = createKeyring(options.secrets)
  const concurrency = Math.max(1, availableParallelism() - 1)
  const queue = {
    cost: options.bcryptCost,
    concurrency,
    maxWaiting: concurrency * waitingPerCore(options.bcryptCost),
  }
  // Separate queues, so that a flood of one kind of bcrypt does not delay the others. Anyone can cause the first two
  // kinds, so a mismatch there is followed by a rest, which leaves most of a core to calls without bcrypt.
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
    async close() {
      await Promise.all([lastUsed.close(), sweeper.close()])
    },
  }
}
