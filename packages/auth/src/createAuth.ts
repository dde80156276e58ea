import { availableParallelism } from "node:os"
import type { RateLimit } from "@latchkey/contract"
import { addCalls, appointOldestUser, type Database, OWN_ISSUER, syncAdmins } from "@latchkey/db"
import { type Accounts, createAccounts } from "./accounts/accounts.ts"
import { type AdminUsers, createAdminUsers } from "./accounts/adminUsers.ts"
import { type Audit, createAudit } from "./audit/audit.ts"
import { createBcryptQueue } from "./crypto/bcryptQueue.ts"
import { createKeyring } from "./crypto/keyring.ts"
import { observeBcrypt } from "./crypto/observeBcrypt.ts"
import { type ActFor, createActFor } from "./identities/actFor.ts"
import {
  type Administrator,
  administratorOf,
  createNamedAdmins,
  type NamedOwner,
} from "./identities/administrator.ts"
import { type Authenticate, createAuthenticate, type Introspect } from "./identities/authenticate.ts"
import type { Caller } from "./identities/caller.ts"
import { type ConfiguredKeys, createConfiguredKeys } from "./identities/configuredKeys.ts"
import { createFindOwner } from "./identities/createFindOwner.ts"
import type { Identify } from "./identities/identify.ts"
import { isSubject } from "./identities/isSubject.ts"
import type { ScopesOf } from "./identities/narrowScopes.ts"
import { createOwnerTokens, type OwnerTokens } from "./identities/ownerTokens/createOwnerTokens.ts"
import { createReadOwner } from "./identities/readOwner.ts"
import { createScopes } from "./identities/scopes.ts"
import type { TrustedIssuers } from "./identities/trustedIssuers/createTrustedIssuers.ts"
import { type ActAs, createActAs } from "./keys/actAs.ts"
import { type AdminApiKeys, createAdminApiKeys } from "./keys/adminApiKeys.ts"
import { type ApiKeys, createActingApiKeys, createApiKeys } from "./keys/apiKeys.ts"
import { createImportedForms } from "./keys/imported/importedForm.ts"
import { isKeyPrefix } from "./keys/keyFormat.ts"
import { createKeyRateLimits } from "./keys/keyRateLimits.ts"
import { createKeyRefusals } from "./keys/keyRefusals.ts"
import { createKeyUsage } from "./keys/keyUsage.ts"
import { createLastUsed } from "./keys/lastUsed.ts"
import { createReportLeakedKey, type ReportLeakedKey } from "./keys/reportLeakedKey.ts"
import { createUsage } from "./keys/usage.ts"
import { createVerifyApiKey } from "./keys/verifyApiKey.ts"
import { createFailureBudget } from "./limits/failureBudget.ts"
import { createFairQueue, type FairQueue } from "./limits/fairQueue.ts"
import { createKeyLimiter } from "./limits/keyLimiter.ts"
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
  /** The limit of keys without one of their own, and the highest that owners may give a key. */
  keyRateLimit?: RateLimit | null
  /** The maximal lifetime of keys in days; null for none. */
  maxKeyLifetimeDays?: number | null
  /** The scopes that keys may carry. */
  scopes?: readonly string[]
  /** Stands in front of new keys, before an underscore; their checksum is at the end. */
  keyPrefix?: string | null
  /** How keys begin that were imported from other systems; `*` for any keys in `X-API-Key`. By default there are none. */
  importedKeyPrefixes?: readonly string[]
  /** `off`: no accounts of Latchkey's own. Their JWTs and refresh tokens are refused, their keys go on. */
  passwords?: "on" | "off"
  /** Tells who is signed in by the host's own means. */
  identify?: Identify | undefined
  /** Tells what a caller may do now, whatever their credential allows. */
  scopesOf?: ScopesOf | undefined
  /** The issuer of the owners that `identify` names. */
  hostIssuer?: string
  /** Identity providers whose JWTs are accepted. */
  trustedIssuers?: TrustedIssuers | undefined
  /** Further issuers whose owners' keys are accepted. */
  servedIssuers?: readonly string[]
  /** Administrators beside those by role. */
  adminSubjects?: readonly NamedOwner[]
  /** Keys without a row. */
  configuredKeys?: ConfiguredKeys
  /** The administrators' emails, in lower case. If null, the first account to register is an administrator. */
  adminEmails: readonly string[] | null
  /** How long audit events are kept. */
  auditRetentionDays: number
  /** Overrides entries of `defaultLimits`. */
  limits?: Partial<Limits>
  /** Called with the name of a configured key that was reported as leaked, which only configuration can end. */
  onConfiguredKeyLeaked?: (name: string) => void
  /** Called with failures of background work. */
  onBackgroundError: (error: unknown) => void
  observer?: AuthObserver | undefined
}

export interface Auth {
  /** Seconds from signing in until a session ends. */
  refreshTokenTtl: number
  /** The declared scopes. */
  scopes: readonly string[]
  /** Whether there are own accounts. */
  passwords: "on" | "off"
  authenticate: Authenticate
  introspect: Introspect
  /**
   * The administrator that a caller is.
   *
   * @param options.acceptsManagers whether administrators' keys with `latchkey:manage` count too.
   * @throws {AuthError} `FORBIDDEN` for other users, and for other API keys.
   */
  administratorOf(caller: Caller, options?: { acceptsManagers?: boolean }): Administrator
  /** Acts for an owner by a key with `latchkey:manage`. */
  actFor: ActFor
  /** Acts for an owner without a request. */
  as: ActAs
  ownerTokens: OwnerTokens
  reportLeakedKey: ReportLeakedKey
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
   */
  syncAdmins(): Promise<AwaitedAdmins>
  /** Writes buffered data. */
  flush(): Promise<void>
  /** Writes buffered data and stops background work. */
  close(): Promise<void>
}

/** Who will become an administrator by registering. */
export interface AwaitedAdmins {
  /** How many of `adminEmails` have no account. Anyone who registers one of them becomes an administrator. */
  unregistered: number
  /** Whether the first account becomes the administrator, and there is none yet. */
  first: boolean
}

/** How many bcrypts may wait per core: about 3 s of work, less than the timeout of most clients. */
const waitingPerCore = (cost: number) => Math.max(2, Math.floor(40 / 2 ** (cost - 10)))

/** A cost between the usual and the highest of imported hashes. */
const IMPORTED_COST = 12

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

/** @throws {TypeError} that names the option. */
function checkOptions({ hostIssuer, keyPrefix }: { hostIssuer: string; keyPrefix: string | null }) {
  if (hostIssuer === OWN_ISSUER || !isSubject(hostIssuer)) {
    throw new TypeError(`hostIssuer: expected 1 to 255 characters, and not ${OWN_ISSUER}`)
  }
  if (keyPrefix !== null && !isKeyPrefix(keyPrefix)) {
    throw new TypeError("keyPrefix: expected 2 to 20 of the characters a-z, 0-9 and _, not ending with _")
  }
}

/**
 * Creates the auth service. Create one per process, because its batches, queues and buffers serve all calls.
 *
 * @throws {TypeError} for an invalid option, which the message names.
 */
export function createAuth(options: AuthOptions): Auth {
  const { db, observer, trustedIssuers, passwords = "on", hostIssuer = "host" } = options
  const { keyPrefix = null, keyRateLimit = null } = options
  checkOptions({ hostIssuer, keyPrefix })
  const scopes = createScopes(options.scopes ?? [])
  const namedAdmins = createNamedAdmins(options.adminSubjects ?? [])
  const served = new Set([
    OWN_ISSUER,
    hostIssuer,
    ...(trustedIssuers?.issuers ?? []),
    ...(options.servedIssuers ?? []),
  ])
  const serves = (issuer: string) => served.has(issuer)
  const readOwner = createReadOwner(serves)
  const findOwner = createFindOwner({ db, namedAdmins, observer })
  const configuredKeys = createConfiguredKeys(options.configuredKeys ?? {})
  const imported = createImportedForms(options.importedKeyPrefixes ?? [])
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
  // Their hashes may cost much more, and several may have to be tried.
  const importedKeyBcrypt = observeBcrypt(
    createBcryptQueue({
      cost: options.bcryptCost,
      concurrency: Math.max(1, Math.floor(concurrency / 2)),
      maxWaiting: concurrency * waitingPerCore(IMPORTED_COST),
      restAfterMismatch: 3,
    }),
    "importedKey",
    observer,
  )
  const newKeyBcrypt = observeBcrypt(createBcryptQueue(queue), "newKey", observer)
  const limits = { ...defaultLimits, ...options.limits }
  const throttle = createThrottle({ db, keyring }, limits, options.onBackgroundError)
  const lastUsed = createLastUsed(db, options.onBackgroundError)
  const usage = createUsage(db, options.onBackgroundError)
  const limiter = createKeyLimiter((calls) => addCalls(db, { calls }), { onError: options.onBackgroundError })
  const rateLimits = createKeyRateLimits(keyRateLimit)
  const counting = { limiter, usage, rateLimits }
  const refusals = createKeyRefusals(db, options.onBackgroundError)
  const gathered = [lastUsed, usage, limiter]
  const sweeper = createSweeper(db, {
    auditRetentionDays: options.auditRetentionDays,
    onError: options.onBackgroundError,
  })
  const failures = createFailureBudget(limits.failedKeyChecks)
  const verifyApiKey = createVerifyApiKey({
    db,
    keyring,
    bcrypt: presentedKeyBcrypt,
    failures,
    refusals,
    serves,
    imported: {
      forms: imported,
      bcrypt: importedKeyBcrypt,
      failures: createFailureBudget(limits.failedImportedKeyChecks),
    },
    observer,
  })
  const keyUsage = createKeyUsage(db)
  const actingApiKeys = createActingApiKeys(
    { db, keyring, bcrypt: newKeyBcrypt },
    {
      rateLimits,
      maxKeysPerUser: options.maxKeysPerUser,
      keyPrefix,
      maxKeyLifetimeDays: options.maxKeyLifetimeDays ?? null,
    },
  )

  return {
    refreshTokenTtl: options.refreshTokenTtl,
    scopes: scopes.declared,
    passwords,
    ...createAuthenticate({
      ...{ db, keyring, verifyApiKey, lastUsed, counting, scopes, namedAdmins, passwords, hostIssuer },
      ...{
        identify: options.identify,
        scopesOf: options.scopesOf,
        configuredKeys,
        imported,
        serves,
        findOwner,
        trustedIssuers,
        observer,
      },
    }),
    administratorOf: (caller, which) => administratorOf(namedAdmins, caller, which),
    actFor: createActFor({ readOwner, findOwner, namedAdmins, scopes }),
    as: createActAs({ apiKeys: actingApiKeys, usage: keyUsage, scopes, readOwner }, { hostIssuer }),
    ownerTokens: createOwnerTokens({ db, keyring }),
    reportLeakedKey: createReportLeakedKey({
      ...{ db, keyring, bcrypt: presentedKeyBcrypt, failures, throttle, configuredKeys },
      verify: verifyApiKey,
      onConfiguredKey: (name) => options.onConfiguredKeyLeaked?.(name),
    }),
    accounts: createAccounts({ db, keyring, bcrypt: passwordBcrypt, throttle }, options),
    apiKeys: createApiKeys(actingApiKeys, { scopes, namedAdmins, rateLimits, usage: keyUsage }),
    sessions: createSessions(db),
    audit: createAudit(db),
    admin: { users: createAdminUsers(db, readOwner), apiKeys: createAdminApiKeys(db, rateLimits) },
    queue: createFairQueue(QUEUE),
    async syncAdmins() {
      if (passwords === "off") return { unregistered: 0, first: false }
      const { adminEmails: emails } = options
      if (emails) return { unregistered: await syncAdmins(db, { emails }), first: false }
      return { unregistered: 0, first: !(await appointOldestUser(db)) }
    },
    async flush() {
      await Promise.all([...gathered, refusals].map((write) => write.flush()))
    },
    async close() {
      await Promise.all([...gathered, sweeper].map((work) => work.close()).concat(refusals.flush()))
    },
  }
}
