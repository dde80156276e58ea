import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { pathToFileURL } from "node:url"
import type { NotReady } from "@latchkey/api"
import { type Auth, defaultLimits, multiplyLimits } from "@latchkey/auth"
import { type Database, findRolesWithRights, parseDatabaseUrl } from "@latchkey/db"
import { createServer, type Internals, type Settings } from "@latchkey/server/internal"
import type { Env } from "../env.ts"
import { createReadiness, NOTICE_MS } from "../http/createReadiness.ts"
import { drain } from "../http/drain.ts"
import { listen } from "../http/listen.ts"
import type { Log } from "../log.ts"
import { createSendMail } from "../mail/createSendMail.ts"
import { createMetrics, type Metrics, type MetricsSnapshot } from "../metrics/createMetrics.ts"
import { serveMetrics } from "../metrics/serveMetrics.ts"
import { readSecret } from "./readSecret.ts"
import { during } from "./startFailure.ts"
import { waitForDatabase } from "./waitForDatabase.ts"

export interface RunningServer {
  url: string
  /** Null without `METRICS_PORT`. */
  metricsUrl: string | null
  /** Whether there is no account yet, and the first one becomes the administrator. */
  awaitsFirstAccount: boolean
  /** The values of all metrics; none without `METRICS_PORT`. */
  snapshot(): Promise<MetricsSnapshot>
  /** Reports not ready at `/readyz` from now on. Returns whether a load balancer polls it, which then needs time to notice. */
  announceStop(): boolean
  /**
   * Accepts no more connections, finishes the requests in flight, writes what is still in memory, and closes the database.
   *
   * @param acceptAll resolves when no connection waits to be accepted.
   */
  close(acceptAll?: (server: Server) => Promise<void>): Promise<void>
  /** Announces the stop, keeps serving for a moment if a load balancer polls, and closes. */
  stop(): Promise<void>
}

/** The part of the machine that one of several workers may use. */
export interface WorkerShare {
  /** Connections to the database. */
  connections: number
  /** bcrypts of a kind that run at once. */
  bcrypts: number
}

export interface StartOptions {
  /** Returns the number of dropped log lines, for the metrics. */
  droppedLines?: () => number
  /** How many milliseconds to wait for a database that is starting up. */
  waitMs?: number
  /** When aborted, the start closes what it has opened, and fails. */
  signal?: AbortSignal
  /** For one of several workers, whose metrics another process serves. */
  share?: WorkerShare
}

/**
 * Opens the database, migrates it, and serves.
 *
 * @throws {StartFailure}
 */
export async function start(
  env: Env,
  log: Log,
  { droppedLines = () => 0, waitMs, signal, share }: StartOptions = {},
): Promise<RunningServer> {
  if (env.DATABASE_URL !== undefined) warnAboutIgnored(env.DATABASE_URL, log)
  else log.info(`opening the embedded database in ${env.DATA_DIR}`)
  const metrics = env.METRICS_PORT === undefined ? null : await createMetrics()
  metrics?.watchLog(droppedLines)
  const readiness = createReadiness(() => engine.checkDatabase())
  let awaitsFirstAccount = false
  const { latchkey, engine } = createServer(
    settingsOf(env, log, share?.connections),
    internalsOf(env, {
      ...{ log, metrics, checkReady: readiness.check, signal, share },
      async syncAdmins(auth) {
        const first = await syncAdmins(auth, log, { verifiesEmails: env.SMTP_URL !== undefined })
        awaitsFirstAccount = first && env.REGISTRATION === "open"
      },
    }),
  )
  let metricsServer: Server | null = null
  try {
    const stage = env.DATABASE_URL === undefined ? "dataFolder" : "database"
    await during(stage, () => waitForDatabase(engine.open, log, { waitMs, signal }))
    const { METRICS_PORT = 0, PORT, HOST: host, KEEP_ALIVE_TIMEOUT: keepAliveTimeout } = env
    const listening = { host, keepAliveTimeout, log }
    if (metrics && !share) {
      metricsServer = await during("metrics", () =>
        serveMetrics(metrics.read, { ...listening, port: METRICS_PORT }),
      )
    }
    const server = await during("listening", () => listen(engine.app, { ...listening, port: PORT }))
    async function close(acceptAll?: (server: Server) => Promise<void>) {
      await drain(server, acceptAll)
      await latchkey.close()
      metricsServer?.close()
      metricsServer?.closeAllConnections()
    }
    return {
      url: urlOf(server, env.HOST),
      metricsUrl: metricsServer && `${urlOf(metricsServer, env.HOST)}/metrics`,
      awaitsFirstAccount,
      snapshot: async () => (metrics ? metrics.snapshot() : []),
      announceStop: readiness.announceStop,
      close,
      async stop() {
        if (readiness.announceStop()) await sleep(NOTICE_MS)
        await close()
      },
    }
  } catch (error) {
    metricsServer?.close()
    await latchkey.close()
    throw error
  }
}

function settingsOf(env: Env, log: Log, connections = env.DATABASE_CONNECTIONS): Settings {
  const [issuer = "host", ...servedIssuers] = env.SERVED_ISSUERS
  return {
    ...(env.DATABASE_URL === undefined ? { database: "embedded" } : { databaseUrl: env.DATABASE_URL }),
    schema: env.DATABASE_SCHEMA,
    maxConnections: connections,
    requireSynchronous: env.REQUIRE_SYNCHRONOUS === "on",
    verifyLease: env.VERIFY_LEASE,
    verifyLeaseCache: env.VERIFY_LEASE_CACHE === "on",
    revocationFence: env.REVOCATION_FENCE,
    revocationFenceUrl: env.REVOCATION_FENCE_URL,
    restoreLog: env.RESTORE_LOG,
    restoreLogToken: env.RESTORE_LOG_TOKEN,
    afterRestore: env.AFTER_RESTORE,
    migrate: "auto",
    secret: env.AUTH_SECRET ?? (() => readSecret(env.DATA_DIR, log)),
    previousSecret: env.AUTH_SECRET_PREVIOUS,
    scopes: env.SCOPES,
    keysNeedScope: false,
    keyPrefix: env.KEY_PREFIX,
    importedKeyPrefixes: env.IMPORTED_KEY_PREFIXES,
    keyRateLimit: env.KEY_RATE_LIMIT,
    maxKeysPerOwner: env.MAX_KEYS_PER_USER,
    maxKeyLifetimeDays: env.MAX_KEY_LIFETIME_DAYS,
    passwords: env.PASSWORDS,
    issuer,
    servedIssuers,
    trustedIssuers: env.TRUSTED_ISSUERS,
    adminSubjects: env.ADMIN_SUBJECTS,
    publicUrl: env.PUBLIC_URL,
    allowedOrigins: env.CORS_ORIGINS,
    basePath: "",
    dashboard: true,
    product: {
      name: env.PRODUCT_NAME,
      logo: env.PRODUCT_LOGO_URL,
      accentColor: env.PRODUCT_ACCENT_COLOR,
      apiUrl: env.PRODUCT_API_URL,
    },
    logger: log,
  }
}

function internalsOf(
  env: Env,
  parts: {
    log: Log
    metrics: Metrics | null
    checkReady: () => Promise<NotReady | null>
    signal: AbortSignal | undefined
    share: WorkerShare | undefined
    syncAdmins: (auth: Auth) => Promise<void>
  },
): Internals {
  const { log, metrics, checkReady, signal } = parts
  return {
    ...(env.DATABASE_URL === undefined && { databaseUrl: pathToFileURL(env.DATA_DIR).href }),
    environment: env.environment,
    accessTokenTtl: env.ACCESS_TOKEN_TTL,
    refreshTokenTtl: env.REFRESH_TOKEN_TTL,
    sessionIdleTtl: env.SESSION_IDLE_TTL,
    bcryptCost: env.BCRYPT_COST,
    bcryptsAtOnce: parts.share?.bcrypts,
    registration: env.REGISTRATION,
    adminEmails: env.DATABASE_URL === undefined && env.ADMIN_EMAILS.length === 0 ? null : env.ADMIN_EMAILS,
    sendMail: sendMailOf(env),
    adminSecondFactor: env.ADMIN_SECOND_FACTOR,
    auditRetentionDays: env.AUDIT_RETENTION_DAYS,
    limits: multiplyLimits(defaultLimits, env.RATE_LIMIT_FACTOR),
    configuredKeys: { bootstrap: env.BOOTSTRAP_KEY, introspection: env.INTROSPECTION_KEYS },
    mountedAt: null,
    trustProxy: env.TRUST_PROXY,
    authObserver: metrics?.auth,
    requestObserver: metrics,
    onQuery: metrics?.onQuery,
    onLeaseWait: metrics?.onLeaseWait,
    checkReady,
    signal,
    async prepare({ auth, db, usage, replication, restoreLog }) {
      metrics?.watchDatabase(usage)
      metrics?.watchReplication(replication)
      if (restoreLog) metrics?.watchRestoreLog(restoreLog)
      metrics?.watchQueue(auth.queue.usage)
      if (auth.holdsLease) metrics?.watchLease(auth.holdsLease)
      await warnAboutRights(db, log)
      await parts.syncAdmins(auth)
    },
  }
}

/** Sends mails if there is a server for them, by default from an address of the public URL's host. */
function sendMailOf({ SMTP_URL, SMTP_FROM, PUBLIC_URL, PRODUCT_NAME }: Env) {
  if (SMTP_URL === undefined || PUBLIC_URL === undefined) return undefined
  const from = SMTP_FROM ?? {
    name: PRODUCT_NAME,
    address: `no-reply@${new URL(PUBLIC_URL).hostname}`,
  }
  return createSendMail(SMTP_URL, { from, product: PRODUCT_NAME })
}

/** Returns whether the first account becomes the administrator. */
async function syncAdmins(
  auth: Auth,
  log: Log,
  { verifiesEmails }: { verifiesEmails: boolean },
): Promise<boolean> {
  const { unregistered, first } = await auth.syncAdmins()
  if (unregistered > 0 && !verifiesEmails) {
    log.warn(
      `ADMIN_EMAILS: ${unregistered} without an account; anyone who registers with one becomes an administrator`,
    )
  }
  return first
}

function warnAboutIgnored(databaseUrl: string, log: Log) {
  const { ignored } = parseDatabaseUrl(databaseUrl)
  if (ignored.length > 0) log.warn(`DATABASE_URL: parameters without effect here: ${ignored.join(", ")}`)
}

async function warnAboutRights(db: Database, log: Log) {
  const roles = await findRolesWithRights(db, undefined)
  if (roles.length === 0) return
  log.warn(
    `other roles have rights on Latchkey's tables or schema; revoke what you have not granted: ${roles.join(", ")}`,
  )
}

/** The URL of a server that listens on `HOST`. */
export function urlOf(server: Server, host: string) {
  const { port } = server.address() as AddressInfo
  return `http://${displayHost(host)}:${port}`
}

function displayHost(host: string) {
  if (host === "127.0.0.1") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}
