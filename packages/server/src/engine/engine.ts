import { join } from "node:path"
import { pathToFileURL } from "node:url"
import {
  type App,
  type AuthSource,
  createHandler,
  describeError,
  type NotReady,
  type RequestObserver,
} from "@latchkey/api"
import {
  type Auth,
  AuthError,
  type AuthObserver,
  type AuthOptions,
  createAuth,
  createKeyring,
  createTrustedIssuers,
} from "@latchkey/auth"
import { type Database, type DatabaseHandle, DatabaseUnusable, ping } from "@latchkey/db"
import { dashboardOf } from "../dashboardOf.ts"
import { identifyOnce, scopesOfOnce } from "../host/hostCall.ts"
import type { Settings } from "../options/readOptions.ts"
import { fenceUrlOf } from "../options/revocationFence.ts"
import { openRestoreLog, type RestoreLog } from "../restoreLog/openRestoreLog.ts"
import { combineAuthObservers, combineRequestObservers } from "../telemetry/combineObservers.ts"
import { createTelemetry } from "../telemetry/createTelemetry.ts"
import { toHandlerLogger } from "./logger.ts"
import { openDatabase } from "./openDatabase.ts"
import { dashboardUrlOf, protectedResourceOf } from "./protectedResource.ts"
import { type ReplicationWatch, watchReplication } from "./watchReplication.ts"

/** Options that only Latchkey's own server and the tests can set. */
export interface Internals {
  /**
   * Replaces the URL of the settings: `file://…` for another directory of the embedded database, or a database in
   * memory.
   */
  databaseUrl?: string
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
}

/** The parts of a server behind its public face. */
export interface Engine {
  readonly app: Pick<App, "fetch">
  readonly source: AuthSource
  /** Opens everything. @throws the error of whatever failed. */
  open(): Promise<Opened>
  /** @throws unless the database answers. */
  checkDatabase(): Promise<void>
  migrate(): Promise<void>
  flush(): Promise<void>
  /** After a response: passes a promise of the pending writes to `waitUntil`. */
  afterResponse(): void
  close(): Promise<void>
}

/** @throws {DatabaseUnusable} unless the schema is current. */
async function requireMigrated(handle: DatabaseHandle) {
  const pending = await handle.pendingMigrations()
  if (pending.length === 0) return
  throw new DatabaseUnusable(
    `the database has ${pending.length} pending migrations; run npx latchkey migrate, or set the option migrate: "auto"`,
  )
}

/** Creates the parts of a server. Opens nothing. */
export function createEngine(settings: Settings, internals: Internals): Engine {
  const log = toHandlerLogger(settings.logger)
  const url =
    internals.databaseUrl ?? settings.databaseUrl ?? pathToFileURL(join(process.cwd(), ".latchkey")).href
  const isEmbedded = !url.startsWith("postgres")
  const migrates = (settings.migrate ?? (isEmbedded ? "auto" : "check")) === "auto"
  const telemetry = createTelemetry((why) => log.warn(why))
  let opening: Promise<Opened> | undefined
  let opened: (Opened & { handle: DatabaseHandle }) | undefined
  let replication: ReplicationWatch | undefined
  let restoreLog: RestoreLog | undefined
  let endConnectionWatch: (() => void) | undefined
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, ...(internals.signal ? [internals.signal] : [])])
  let flushing: Promise<void> | undefined

  const openHandle = () =>
    openDatabase(url, {
      schema: settings.schema,
      maxConnections: settings.maxConnections,
      onQuery: internals.onQuery,
      onLeaseWait(seconds) {
        internals.onLeaseWait?.(seconds)
        telemetry?.onLeaseWait(seconds)
      },
      onStatement: telemetry?.onStatement,
      requireSynchronous: settings.requireSynchronous,
      fenceUrl: fenceUrlOf(settings),
    })

  const migrate = (handle: DatabaseHandle) =>
    handle.migrate({ signal, onWait: (reason) => log.info({}, reason) })

  async function openAll(): Promise<Opened> {
    if (closing.signal.aborted) throw new Error("this server has been closed")
    const handle = await openHandle()
    try {
      if (migrates) await migrate(handle)
      else await requireMigrated(handle)
      signal.throwIfAborted()
      if (!isEmbedded) replication = await watchReplication(handle.db, log, settings)
      const secrets = {
        current: typeof settings.secret === "string" ? settings.secret : await settings.secret(),
        previous: settings.previousSecret,
      }
      restoreLog = await openRestoreLog(handle, {
        folder: settings.restoreLog,
        afterRestore: settings.afterRestore,
        keyring: createKeyring(secrets),
        log,
        onError: (error) =>
          log.error(
            { errors: [describeError(error)] },
            "the restore log can't be written; revocations are answered with 503",
          ),
      })
      const created = createAuth({
        db: handle.db,
        secrets,
        accessTokenTtl: internals.accessTokenTtl,
        refreshTokenTtl: internals.refreshTokenTtl,
        sessionIdleTtl: internals.sessionIdleTtl ?? null,
        verifyLease:
          settings.verifyLease > 0
            ? { seconds: settings.verifyLease, cache: settings.verifyLeaseCache }
            : null,
        bcryptCost: internals.bcryptCost,
        bcryptsAtOnce: internals.bcryptsAtOnce,
        connections: settings.maxConnections,
        registration: internals.registration,
        maxKeysPerUser: settings.maxKeysPerOwner,
        maxKeyLifetimeDays: settings.maxKeyLifetimeDays ?? null,
        keyRateLimit: settings.keyRateLimit ?? null,
        scopes: settings.scopes,
        keyPrefix: settings.keyPrefix ?? null,
        importedKeyPrefixes: settings.importedKeyPrefixes,
        passwords: settings.passwords,
        identify: settings.identify && identifyOnce(settings.identify),
        scopesOf: settings.scopesOf && scopesOfOnce(settings.scopesOf),
        hostIssuer: settings.issuer,
        trustedIssuers:
          settings.trustedIssuers.length > 0 ? createTrustedIssuers(settings.trustedIssuers) : undefined,
        servedIssuers: settings.servedIssuers,
        adminSubjects: settings.adminSubjects,
        adminEmails: internals.adminEmails,
        publicUrl: dashboardUrlOf(settings, internals.mountedAt),
        sendMail: internals.sendMail,
        ...(internals.adminSecondFactor && { adminSecondFactor: internals.adminSecondFactor }),
        auditRetentionDays: internals.auditRetentionDays,
        limits: internals.limits,
        configuredKeys: internals.configuredKeys,
        onConfiguredKeyLeaked: (name) =>
          log.warn(`a configured key (${name}) was reported as leaked; replace it in the configuration`),
        onBackgroundError: (error) => log.error({ errors: [describeError(error)] }, "background task failed"),
        observer: combineAuthObservers(internals.authObserver, telemetry?.authObserver),
      })
      const auth = telemetry?.traceAuth(created) ?? created
      endConnectionWatch = telemetry?.watchConnections(handle.usage)
      const all = {
        ...{ auth, db: handle.db, usage: handle.usage, handle },
        replication: () => replication?.current(),
      }
      await internals.prepare?.(all)
      opened = all
      return opened
    } catch (error) {
      replication?.close()
      endConnectionWatch?.()
      await restoreLog?.close()
      restoreLog = undefined
      await handle.close()
      throw error
    }
  }

  /** Opens once. After a failure, the next call tries again. */
  function open(): Promise<Opened> {
    opening ??= openAll().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  const source: AuthSource = {
    get current() {
      return opened?.auth
    },
    async open() {
      try {
        return (await open()).auth
      } catch (cause) {
        throw new AuthError("UNAVAILABLE", "The service is temporarily unavailable; try again shortly.", {
          cause,
        })
      }
    },
  }

  async function checkDatabase() {
    const { db } = await open()
    await ping(db)
  }

  async function flush() {
    await opened?.auth.flush()
  }

  const app = createHandler({
    auth: source,
    log,
    observer: combineRequestObservers(internals.requestObserver, telemetry?.requestObserver),
    checkReady:
      internals.checkReady ??
      (() =>
        checkDatabase().then(
          () => null,
          (error: unknown) => ({ message: "The database does not answer.", error }),
        )),
    corsOrigins: settings.allowedOrigins,
    allowedOrigins: settings.allowedOrigins,
    protectedResource: protectedResourceOf(settings, internals.mountedAt),
    passwords: settings.passwords,
    keysNeedScope: settings.keysNeedScope,
    keyPrefix: settings.keyPrefix,
    trustProxy: internals.trustProxy,
    mountedAt: internals.mountedAt,
    dashboard: dashboardOf(settings, {
      registration: internals.registration,
      sendsMail: internals.sendMail !== undefined,
    }),
  })

  return {
    app: telemetry ? { fetch: telemetry.traceFetch(async (...args) => app.fetch(...args)) } : app,
    source,
    open,
    checkDatabase,
    async migrate() {
      if (opened) return migrate(opened.handle)
      const handle = await openHandle()
      try {
        await migrate(handle)
      } finally {
        await handle.close()
      }
    },
    flush,
    afterResponse() {
      if (!settings.waitUntil || flushing) return
      flushing = flush().finally(() => {
        flushing = undefined
      })
      try {
        settings.waitUntil(flushing)
      } catch (error) {
        // It may throw outside a request. The verdict stands.
        log.error({ errors: [describeError(error)] }, "waitUntil failed")
      }
    },
    async close() {
      closing.abort()
      await opening?.catch(() => {})
      if (!opened) return
      const { auth, handle } = opened
      opened = undefined
      opening = undefined
      replication?.close()
      endConnectionWatch?.()
      await auth.close()
      await restoreLog?.close()
      await handle.close()
    },
  }
}
