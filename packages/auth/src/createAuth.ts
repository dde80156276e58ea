import { availableParallelism } from "node:os"
import { addCalls, appointOldestUser, OWN_ISSUER, syncAdmins } from "@latchkey/db"
import { type Accounts, createAccounts } from "./accounts/accounts.ts"
import { type AdminUsers, createAdminUsers } from "./accounts/adminUsers.ts"
import { createConfirmPassword } from "./accounts/confirmPassword.ts"
import { createDescribeAccount, type DescribeAccount } from "./accounts/describeAccount.ts"
import { createEmailVerifications, type EmailVerifications } from "./accounts/emailVerifications.ts"
import { createMailQueue } from "./accounts/mailQueue.ts"
import { createPasswordResets, type PasswordResets } from "./accounts/passwordResets.ts"
import { createResealing } from "./accounts/secondFactor/resealSecrets.ts"
import { createSecondFactors, type SecondFactors } from "./accounts/secondFactor/secondFactors.ts"
import { type Audit, createAudit } from "./audit/audit.ts"
import type { AuthOptions } from "./authOptions.ts"
import { createBcryptQueues } from "./crypto/bcryptQueues.ts"
import { createKeyring } from "./crypto/keyring.ts"
import { type ActFor, createActFor } from "./identities/actFor.ts"
import { type Administrator, administratorOf, createNamedAdmins } from "./identities/administrator.ts"
import { type Authenticate, createAuthenticate, type Introspect } from "./identities/authenticate.ts"
import type { Caller } from "./identities/caller.ts"
import { createConfiguredKeys } from "./identities/configuredKeys.ts"
import { createFindOwner } from "./identities/createFindOwner.ts"
import { isSubject } from "./identities/isSubject.ts"
import { createOwnerTokens, type OwnerTokens } from "./identities/ownerTokens/createOwnerTokens.ts"
import { createReadOwner } from "./identities/readOwner.ts"
import { createScopes } from "./identities/scopes.ts"
import { type ActAs, createActAs } from "./keys/actAs.ts"
import { type AdminApiKeys, createAdminApiKeys } from "./keys/adminApiKeys.ts"
import { type ApiKeys, createActingApiKeys, createApiKeys } from "./keys/apiKeys.ts"
import { createImportedForms } from "./keys/imported/importedForm.ts"
import { createImportedKeys } from "./keys/imported/importedKeys.ts"
import { isKeyPrefix } from "./keys/keyFormat.ts"
import { createKeyRateLimits } from "./keys/keyRateLimits.ts"
import { createKeyUsage } from "./keys/keyUsage.ts"
import { createLastUsed } from "./keys/lastUsed.ts"
import { createReportLeakedKey, type ReportLeakedKey } from "./keys/reportLeakedKey.ts"
import { createUsage } from "./keys/usage.ts"
import { createKeyRefusals } from "./keys/verifying/keyRefusals.ts"
import { createVerifyApiKey } from "./keys/verifying/verifyApiKey.ts"
import { createFailureBudget } from "./limits/failureBudget.ts"
import { createFairQueue, type FairQueue } from "./limits/fairQueue.ts"
import { createKeyLimiter } from "./limits/keyLimiter.ts"
import { defaultLimits } from "./limits/limits.ts"
import { createThrottle } from "./limits/throttle.ts"
import { createMemory } from "./memory.ts"
import { watchBatches } from "./observer.ts"
import { createSessions, type Sessions } from "./sessions/sessions.ts"
import { createSweeper } from "./sweeper.ts"

export interface Auth {
  /** Seconds from signing in until a session ends. */
  refreshTokenTtl: number
  /** The declared scopes. */
  scopes: readonly string[]
  /** Whether Latchkey has accounts of its own. */
  passwords: "on" | "off"
  authenticate: Authenticate
  introspect: Introspect
  /**
   * The caller as an administrator.
   *
   * @param options.acceptsManagers whether administrators' keys with `latchkey:manage` count too.
   * @throws {AuthError} `FORBIDDEN` for other users, and for other API keys.
   */
  administratorOf(caller: Caller, options?: { acceptsManagers?: boolean }): Administrator
  /** Acts for an owner with a key with `latchkey:manage`. */
  actFor: ActFor
  /** Acts for an owner without a request. */
  as: ActAs
  ownerTokens: OwnerTokens
  reportLeakedKey: ReportLeakedKey
  accounts: Accounts
  passwordResets: PasswordResets
  emailVerifications: EmailVerifications
  secondFactors: SecondFactors
  describeAccount: DescribeAccount
  apiKeys: ApiKeys
  sessions: Sessions
  audit: Audit
  admin: { users: AdminUsers; apiKeys: AdminApiKeys }
  /** For calls whose queries are not shared with other calls. */
  queue: FairQueue
  /** Whether verdicts may come from memory now; null without leases. The first verdict asks for the first lease. */
  holdsLease: (() => boolean) | null
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

/** Whether somebody could become an administrator by registering. */
export interface AwaitedAdmins {
  /** How many of `adminEmails` have no account. Without mails, anyone who registers one of them becomes an administrator. */
  unregistered: number
  /** Whether there is no account yet, and the first one becomes the administrator. */
  first: boolean
}

/**
 * Fewer places than the pool has connections: authentication and other shared reads then find a free one, and the
 * statements of the running calls end well within the time that a query may wait for a connection.
 */
const placesOf = (connections: number) => Math.max(1, Math.min(6, Math.round(connections * 0.6)))

const QUEUE = {
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
  const served = new Set([
    OWN_ISSUER,
    hostIssuer,
    ...(trustedIssuers?.issuers ?? []),
    ...(options.servedIssuers ?? []),
  ])
  const serves = (issuer: string) => served.has(issuer)
  const namedAdmins = createNamedAdmins(options.adminSubjects ?? [], served)
  const readOwner = createReadOwner(serves)
  const memory = options.verifyLease
    ? createMemory(db, { ...options.verifyLease, onError: options.onBackgroundError })
    : undefined
  const findOwner = createFindOwner({ db, memory, namedAdmins, observer })
  const configuredKeys = createConfiguredKeys(options.configuredKeys ?? {})
  const imported = createImportedForms(options.importedKeyPrefixes ?? [])
  const keyring = createKeyring(options.secrets)
  const bcrypt = createBcryptQueues({
    cost: options.bcryptCost,
    atOnce: options.bcryptsAtOnce ?? Math.max(1, availableParallelism() - 1),
    observer,
  })
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
  const resealing = createResealing({ db, keyring }, options.onBackgroundError)
  const { sendMail, publicUrl = null } = options
  const mails = sendMail ? createMailQueue(sendMail, options.onBackgroundError) : null
  const confirmPassword = createConfirmPassword({ db, bcrypt: bcrypt.password })
  const emailVerifications = createEmailVerifications({
    ...{ db, throttle, publicUrl, mails },
    adminEmails: options.adminEmails ?? [],
    onBackgroundError: options.onBackgroundError,
  })
  const adminsNeedSecondFactor = options.adminSecondFactor === "required"
  const failures = createFailureBudget(limits.failedKeyChecks)
  const importedKeys = createImportedKeys({
    db,
    memory,
    keyring,
    bcrypt: bcrypt.importedKey,
    failures: createFailureBudget(limits.failedImportedKeyChecks),
    watch: watchBatches(observer, "apiKeys"),
  })
  const verifyApiKey = createVerifyApiKey({
    db,
    memory,
    keyring,
    bcrypt: bcrypt.presentedKey,
    failures,
    refusals,
    serves,
    imported: { forms: imported, keys: importedKeys },
    observer,
  })
  const keyUsage = createKeyUsage(db)
  const actingApiKeys = createActingApiKeys(
    { db, keyring, bcrypt: bcrypt.newKey },
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
      ...{
        db,
        memory,
        keyring,
        verifyApiKey,
        lastUsed,
        counting,
        scopes,
        namedAdmins,
        passwords,
        hostIssuer,
        adminsNeedSecondFactor,
      },
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
      ...{ db, keyring, bcrypt: bcrypt.presentedKey, failures, throttle, configuredKeys },
      imported: { forms: imported, keys: importedKeys },
      onConfiguredKey: (name) => options.onConfiguredKeyLeaked?.(name),
    }),
    accounts: createAccounts(
      { db, keyring, bcrypt: bcrypt.password, throttle, confirmPassword, emailVerifications },
      options,
    ),
    emailVerifications,
    describeAccount: createDescribeAccount(db, {
      sendsMail: emailVerifications.isPossible,
      adminEmails: options.adminEmails ?? [],
    }),
    secondFactors: createSecondFactors({
      ...{ db, keyring, throttle, confirmPassword, namedAdmins },
      totpIssuer: publicUrl === null ? "Latchkey" : new URL(publicUrl).host,
    }),
    passwordResets: createPasswordResets({
      ...{ db, throttle, namedAdmins, publicUrl, mails },
      hostAppoints: options.identify !== undefined,
      bcrypt: bcrypt.password,
    }),
    apiKeys: createApiKeys(actingApiKeys, { scopes, namedAdmins, rateLimits, usage: keyUsage }),
    sessions: createSessions(db),
    audit: createAudit(db, { days: options.auditRetentionDays }),
    admin: {
      users: createAdminUsers(db, { readOwner, adminEmails: options.adminEmails ?? [] }),
      apiKeys: createAdminApiKeys(db, rateLimits),
    },
    holdsLease: memory ? memory.lease.isHeld : null,
    queue: createFairQueue({ ...QUEUE, places: placesOf(options.connections ?? 10) }),
    async syncAdmins() {
      const { adminEmails: emails } = options
      if (passwords === "off") {
        // Keys stay valid, and those of administrators may manage. Without emails, another server may appoint them.
        if (emails && emails.length > 0) await syncAdmins(db, { emails })
        return { unregistered: 0, first: false }
      }
      if (emails) return { unregistered: await syncAdmins(db, { emails }), first: false }
      return { unregistered: 0, first: !(await appointOldestUser(db)) }
    },
    async flush() {
      await Promise.all([...gathered, refusals].map((write) => write.flush()))
    },
    async close() {
      await memory?.lease.close()
      await mails?.close()
      await Promise.all(
        [...gathered, sweeper, resealing].map((work) => work.close()).concat(refusals.flush()),
      )
    },
  }
}
