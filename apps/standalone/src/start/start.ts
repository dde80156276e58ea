import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import type { NotReady } from "@latchkey/api"
import { type Auth, defaultLimits, multiplyLimits } from "@latchkey/auth"
import { type Database, findRolesWithRights, parseDatabaseUrl } from "@latchkey/db"
import { createServer, type Internals, type Settings } from "@latchkey/server/internal"
import type { Env } from "../env.ts"
import { createReadiness } from "../http/createReadiness.ts"
import { drain } from "../http/drain.ts"
import { listen } from "../http/listen.ts"
import type { Log } from "../log.ts"
import { createMetrics, type Metrics } from "../metrics/createMetrics.ts"
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
  /**
   * Reports not ready at `/readyz`, and keeps serving for a moment if a load balancer polls it. Then accepts no more
   * connections, finishes the requests in flight, writes what is still in memory, and closes the database.
   */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Returns the number of dropped log lines, for the metrics. */
  droppedLines?: () => number
  /** Ends the start when aborted: it closes what it has opened, and fails. */
  signal?: AbortSignal
}

/**
 * Opens the database, migrates it, and serves.
 *
 * @throws {StartFailure}
 */
export async function start(
  env: Env,
  log: Log,
  { droppedLines = () => 0, signal }: StartOptions = {},
): Promise<RunningServer> {
  if (env.DATABASE_URL !== undefined) warnAboutIgnored(env.DATABASE_URL, log)
  else log.info(`opening the embedded database in ${env.DATA_DIR}`)
  const metrics = env.METRICS_PORT === undefined ? null : await createMetrics()
  metrics?.watchLog(droppedLines)
  const readiness = createReadiness(() => engine.checkDatabase())
  let awaitsFirstAccount = false
  const { latchkey, engine } = createServer(
    settingsOf(env, log),
    internalsOf(env, {
      ...{ log, metrics, checkReady: readiness.check, signal },
      async syncAdmins(auth) {
        const first = await syncAdmins(auth, log)
        awaitsFirstAccount = first && env.REGISTRATION === "open"
      },
    }),
  )
  let metricsServer: Server | null = null
  try {
    const stage = env.DATABASE_URL === undefined ? "dataFolder" : "database"
    await during(stage, () => waitForDatabase(engine.open, log, signal))
    const { METRICS_PORT = 0, PORT, HOST: host, KEEP_ALIVE_TIMEOUT: keepAliveTimeout } = env
    const listening = { host, keepAliveTimeout, log }
    if (metrics) {
      metricsServer = await during("metrics", () =>
        serveMetrics(metrics, { ...listening, port: METRICS_PORT }),
      )
    }
    const server = await during("listening", () => listen(engine.app, { ...listening, port: PORT }))
    return {
      url: urlOf(server, env.HOST),
      metricsUrl: metricsServer && `${urlOf(metricsServer, env.HOST)}/metrics`,
      awaitsFirstAccount,
      async stop() {
        await readiness.announceStop()
        await drain(server)
        await latchkey.close()
        metricsServer?.close()
        metricsServer?.closeAllConnections()
      },
    }
  } catch (error) {
    metricsServer?.close()
    await latchkey.close()
    throw error
  }
}

function settingsOf(env: Env, log: Log): Settings {
  const [issuer = "host", ...servedIssuers] = env.SERVED_ISSUERS
  return {
    ...(env.DATABASE_URL === undefined ? { database: "embedded" } : { databaseUrl: env.DATABASE_URL }),
    schema: env.DATABASE_SCHEMA,
    maxConnections: 10,
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
    syncAdmins: (auth: Auth) => Promise<void>
  },
): Internals {
  const { log, metrics, checkReady, signal } = parts
  return {
    ...(env.DATABASE_URL === undefined && { databaseUrl: pathToFileURL(env.DATA_DIR).href }),
    accessTokenTtl: env.ACCESS_TOKEN_TTL,
    refreshTokenTtl: env.REFRESH_TOKEN_TTL,
    bcryptCost: env.BCRYPT_COST,
    registration: env.REGISTRATION,
    adminEmails: env.DATABASE_URL === undefined && env.ADMIN_EMAILS.length === 0 ? null : env.ADMIN_EMAILS,
    auditRetentionDays: env.AUDIT_RETENTION_DAYS,
    limits: multiplyLimits(defaultLimits, env.RATE_LIMIT_FACTOR),
    configuredKeys: { bootstrap: env.BOOTSTRAP_KEY, introspection: env.INTROSPECTION_KEYS },
    mountedAt: null,
    trustProxy: env.TRUST_PROXY,
    authObserver: metrics?.auth,
    requestObserver: metrics,
    onQuery: metrics?.onQuery,
    checkReady,
    signal,
    async prepare({ auth, db, usage }) {
      metrics?.watchDatabase(usage)
      metrics?.watchQueue(auth.queue.usage)
      await warnAboutRights(db, log)
      await parts.syncAdmins(auth)
    },
  }
}

/** Returns whether the first account becomes the administrator. */
async function syncAdmins(auth: Auth, log: Log): Promise<boolean> {
  const { unregistered, first } = await auth.syncAdmins()
  if (unregistered > 0) {
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
    `other roles have rights on Latchkey's tables; revoke what you have not granted: ${roles.join(", ")}`,
  )
}

function urlOf(server: Server, host: string) {
  const { port } = server.address() as AddressInfo
  return `http://${displayHost(host)}:${port}`
}

function displayHost(host: string) {
  if (host === "127.0.0.1") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}
